//! Pictures and stamps that owners upload: announced, then ready or refused; deleted with a time of grace.

use std::fmt::Display;

use sqlx::Row as _;
use sqlx::any::AnyRow;
use stampede_domain::id::{Id, Kind, OwnerId, Picture, Stamp};

use crate::rows::{CHUNK, at, list, number, parsed, some_number, values};
use crate::{Database, Fault, Millis};

/// What can be uploaded.
pub trait Subject: Kind {
    /// What the table calls it.
    const NAME: &str;
}

impl Subject for Picture {
    const NAME: &str = "picture";
}

impl Subject for Stamp {
    const NAME: &str = "stamp";
}

/// An upload that is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload<K: Subject> {
    /// Its identifier.
    pub id: Id<K>,
    /// The file's name.
    pub name: String,
    /// Where it is to lie in the store.
    pub key: String,
    /// The media type announced.
    pub content_type: String,
    /// The length announced.
    pub bytes: u64,
}

/// What was found when an upload was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where it lies: where it was looked at.
    pub key: String,
    /// Its true media type.
    pub content_type: String,
    /// Its true length.
    pub bytes: u64,
    /// As viewed, in pixels.
    pub width: u32,
    /// As viewed, in pixels.
    pub height: u32,
}

/// Where an upload stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// Not there yet, as far as is known.
    Announced,
    /// There, and looked at.
    Ready {
        /// As viewed, in pixels.
        width: u32,
        /// As viewed, in pixels.
        height: u32,
    },
    /// There, but not what it should be.
    Refused {
        /// Why, in a sentence for the owner.
        reason: String,
    },
}

/// A picture or stamp of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload<K: Subject> {
    /// Its identifier.
    pub id: Id<K>,
    /// The file's name.
    pub name: String,
    /// Where it lies in the store.
    pub key: String,
    /// Its media type: the announced one, then the true one.
    pub content_type: String,
    /// Its length in bytes: the announced one, then the true one.
    pub bytes: u64,
    /// When it was announced.
    pub created: Millis,
    /// Where it stands.
    pub state: UploadState,
    /// When it is deleted for good, if it is to be.
    pub due: Option<Millis>,
}

impl<K: Subject> Upload<K> {
    /// The key that its form was signed for. What is sent lies there until it is looked at, and what is sent once more
    /// lies there again.
    pub fn uploaded_to(&self) -> &str {
        uploaded_to(&self.key).unwrap_or(&self.key)
    }
}

/// The last upload of a page, behind which the next begins.
#[derive(Debug, PartialEq, Eq)]
pub struct UploadCursor<K: Subject> {
    /// When it was announced.
    pub created: Millis,
    /// Its identifier.
    pub id: Id<K>,
}

/// Where an upload is kept once it was looked at: beside the key that its form is signed for, under a name that no form
/// leads to. `unique` holds no dot; where it is empty, this is what all such keys of the upload begin with.
pub fn kept_at(uploaded_to: &str, unique: &str) -> String {
    format!("{uploaded_to}.{unique}")
}

/// The key that an upload's form was signed for, by where it is kept now.
pub(crate) fn uploaded_to(kept_at: &str) -> Option<&str> {
    kept_at.rsplit_once('.').map(|(key, _)| key).filter(|key| !key.is_empty())
}

const COLUMNS: &str = "id, name, key, content_type, bytes, state, reason, width, height, created, due";

impl Database {
    /// Announces uploads.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn announce<K: Subject>(
        &self,
        owner: OwnerId,
        uploads: &[NewUpload<K>],
        now: Millis,
    ) -> Result<(), Fault> {
        for uploads in uploads.chunks(CHUNK) {
            let rows = values("({1}, $1, $2, {2}, {3}, {4}, {5}, 'announced', $3)", uploads.len(), 5, 4);
            let add = format!(
                "INSERT INTO uploads (id, owner, kind, name, key, content_type, bytes, state, created) \
                 VALUES {rows}"
            );
            let mut add = sqlx::query(sqlx::AssertSqlSafe(add)).bind(owner.to_string());
            add = add.bind(K::NAME).bind(at(now));
            for upload in uploads {
                add = add.bind(upload.id.to_string()).bind(upload.name.clone()).bind(upload.key.clone());
                add = add.bind(upload.content_type.clone()).bind(at(upload.bytes));
            }
            add.execute(self.writer()).await?;
        }
        Ok(())
    }

    /// An owner's upload that is not deleted.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn upload<K: Subject>(&self, owner: OwnerId, id: Id<K>) -> Result<Option<Upload<K>>, Fault> {
        Ok(self.uploads(owner, &[id]).await?.pop())
    }

    /// Those of these uploads that the owner has and that are not deleted, in any order.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn uploads<K: Subject>(&self, owner: OwnerId, ids: &[Id<K>]) -> Result<Vec<Upload<K>>, Fault> {
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let ids_listed = list(ids.len(), 2);
            let find = format!(
                "SELECT {COLUMNS} FROM uploads WHERE owner = $1 AND due IS NULL AND id IN ({ids_listed})"
            );
            let mut find = sqlx::query(sqlx::AssertSqlSafe(find)).bind(owner.to_string());
            for id in ids {
                find = find.bind(id.to_string());
            }
            for row in find.fetch_all(&self.reads).await? {
                all.push(upload(&row)?);
            }
        }
        Ok(all)
    }

    /// A page of an owner's uploads, the newest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn list_uploads<K: Subject>(
        &self,
        owner: OwnerId,
        behind: Option<&UploadCursor<K>>,
        most: u32,
    ) -> Result<Vec<Upload<K>>, Fault> {
        let find = format!(
            "SELECT {COLUMNS} FROM uploads WHERE owner = $1 AND kind = $2 AND due IS NULL \
             AND (created, id) < ($3, $4) ORDER BY created DESC, id DESC LIMIT $5"
        );
        let (created, id) = match behind {
            Some(cursor) => (at(cursor.created), cursor.id.to_string()),
            None => (i64::MAX, String::new()),
        };
        let find = sqlx::query(sqlx::AssertSqlSafe(find)).bind(owner.to_string()).bind(K::NAME);
        let rows = find.bind(created).bind(id).bind(i64::from(most)).fetch_all(&self.reads).await?;
        rows.iter().map(upload).collect()
    }

    /// Notes that an upload was found as it should be, and where it lies from now on; gives whether it is ready,
    /// by this or before. What was noted first stays.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn confirm<K: Subject>(&self, owner: OwnerId, id: Id<K>, facts: &Facts) -> Result<bool, Fault> {
        let confirm = "UPDATE uploads SET state = 'ready', content_type = $1, bytes = $2, width = $3, \
             height = $4, key = $5 WHERE id = $6 AND owner = $7 AND state = 'announced' AND due IS NULL";
        let confirm = sqlx::query(confirm).bind(facts.content_type.clone()).bind(at(facts.bytes));
        let confirm = confirm.bind(i64::from(facts.width)).bind(i64::from(facts.height));
        let confirm = confirm.bind(facts.key.clone());
        let confirm = confirm.bind(id.to_string()).bind(owner.to_string());
        if confirm.execute(self.writer()).await?.rows_affected() > 0 {
            return Ok(true);
        }
        let ready = "SELECT 1 FROM uploads WHERE id = $1 AND owner = $2 AND state = 'ready' AND due IS NULL";
        let ready = sqlx::query(ready).bind(id.to_string()).bind(owner.to_string());
        Ok(ready.fetch_optional(&self.reads).await?.is_some())
    }

    /// Notes that an upload is not what it should be; gives whether it was still awaited.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn refuse<K: Subject>(&self, owner: OwnerId, id: Id<K>, reason: &str) -> Result<bool, Fault> {
        let refuse = "UPDATE uploads SET state = 'refused', reason = $1 \
             WHERE id = $2 AND owner = $3 AND state = 'announced' AND due IS NULL";
        let refuse = sqlx::query(refuse).bind(reason.to_owned()).bind(id.to_string()).bind(owner.to_string());
        Ok(refuse.execute(self.writer()).await?.rows_affected() > 0)
    }

    /// Hides uploads, to be deleted for good at `due`; gives how many there were.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn delete_uploads<K: Subject>(
        &self,
        owner: OwnerId,
        ids: &[Id<K>],
        due: Millis,
    ) -> Result<u64, Fault> {
        self.set_due(owner, ids, "due = $2 WHERE due IS NULL", at(due)).await
    }

    /// Shows uploads again whose grace is not over; gives how many there were.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn restore_uploads<K: Subject>(
        &self,
        owner: OwnerId,
        ids: &[Id<K>],
        now: Millis,
    ) -> Result<u64, Fault> {
        self.set_due(owner, ids, "due = NULL WHERE due > $2", at(now)).await
    }

    async fn set_due(
        &self,
        owner: OwnerId,
        ids: &[Id<impl Subject>],
        change: &str,
        time: i64,
    ) -> Result<u64, Fault> {
        let mut changed = 0;
        for ids in ids.chunks(CHUNK) {
            let ids_listed = list(ids.len(), 3);
            let change = format!("UPDATE uploads SET {change} AND owner = $1 AND id IN ({ids_listed})");
            let mut change = sqlx::query(sqlx::AssertSqlSafe(change)).bind(owner.to_string()).bind(time);
            for id in ids {
                change = change.bind(id.to_string());
            }
            changed += change.execute(self.writer()).await?.rows_affected();
        }
        Ok(changed)
    }
}

fn upload<K: Subject>(row: &AnyRow) -> Result<Upload<K>, Fault> {
    let side = |column: &str| -> Result<u32, Fault> {
        let side = some_number(row, column)?.and_then(|side| u32::try_from(side).ok());
        side.ok_or_else(|| Fault::foreign(format!("an upload without a {column}")))
    };
    let state = match row.try_get::<String, _>("state")?.as_str() {
        "announced" => UploadState::Announced,
        "ready" => UploadState::Ready { width: side("width")?, height: side("height")? },
        "refused" => UploadState::Refused { reason: row.try_get("reason")? },
        other => return Err(Fault::foreign(format!("an upload that is {other}"))),
    };
    Ok(Upload {
        id: parsed(row, "id")?,
        name: row.try_get("name")?,
        key: row.try_get("key")?,
        content_type: row.try_get("content_type")?,
        bytes: number(row, "bytes")?,
        created: number(row, "created")?,
        state,
        due: some_number(row, "due")?,
    })
}

impl<K: Subject> UploadCursor<K> {
    /// Behind an upload.
    pub fn behind(upload: &Upload<K>) -> Self {
        Self { created: upload.created, id: upload.id }
    }
}

impl<K: Subject> Display for UploadCursor<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.created, self.id)
    }
}

impl<K: Subject> std::str::FromStr for UploadCursor<K> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (created, id) = text.split_once('-').ok_or(crate::jobs::NO_CURSOR)?;
        let created = created.parse().map_err(|_| crate::jobs::NO_CURSOR)?;
        let id = id.parse().map_err(|_| crate::jobs::NO_CURSOR)?;
        Ok(Self { created, id })
    }
}
