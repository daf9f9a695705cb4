//! What is done from time to time: deleting what is to be deleted, forgetting what is old.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use sqlx::Row as _;
use stampede_domain::id::JobId;

use crate::rows::{CHUNK, at, list, parsed};
use crate::uploads::{kept_at, uploaded_to};
use crate::{Database, Fault, Millis};

/// An upload whose grace is over: what lies in the store is to be deleted, then [`Database::purged`] told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Its identifier.
    pub id: String,
    /// Where it lies.
    pub key: String,
    /// What copies of it begin with: that which is kept, and those of looks that were broken off or came second.
    pub copies: String,
    /// Below this key lie its results.
    pub results: String,
    /// Where it was uploaded to, if it was taken from there, and ZIPs that hold its results; these are void.
    pub also: Vec<String>,
}

/// Changes are kept so long for clients that come back.
const KEEP_EVENTS: Millis = 7 * 24 * 3600 * 1000;
/// A request may come again for so long.
const KEEP_IDEMPOTENCY: Millis = 24 * 3600 * 1000;
/// An upload that was announced and never confirmed is kept so long: its form is good for an hour.
const KEEP_ANNOUNCED: Millis = 24 * 3600 * 1000;

impl Database {
    /// Takes a callback's signature; gives whether it is the first time.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remember_callback(&self, signature: [u8; 32], expires: Millis) -> Result<bool, Fault> {
        let add = "INSERT INTO callbacks (signature, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let add = sqlx::query(add).bind(HEXLOWER.encode(&signature)).bind(at(expires));
        Ok(add.execute(self.writer()).await?.rows_affected() > 0)
    }

    /// Uploads that are to be deleted for good, at most so many. ZIPs that hold one are void from now on.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn purge_due(&self, now: Millis, most: u32) -> Result<Vec<Purge>, Fault> {
        let find = "SELECT id, owner, key FROM uploads WHERE due <= $1 ORDER BY due LIMIT $2";
        let rows = sqlx::query(find).bind(at(now)).bind(i64::from(most)).fetch_all(&self.reads).await?;
        let purge = |row: &sqlx::any::AnyRow| {
            let (id, owner): (String, String) = (row.try_get("id")?, row.try_get("owner")?);
            let key: String = row.try_get("key")?;
            let copies = kept_at(uploaded_to(&key).unwrap_or(&key), "");
            let results = format!("stamped/{owner}/{id}");
            Ok(Purge { id, key, copies, results, also: Vec::new() })
        };
        let mut due = rows.iter().map(purge).collect::<Result<Vec<_>, Fault>>()?;
        let zipped = self.zipped(&due).await?;
        let mut zips = BTreeMap::new();
        for job in zipped.values().flatten() {
            if !zips.contains_key(job) {
                zips.insert(*job, self.void_zips(*job, now).await?);
            }
        }
        for purge in &mut due {
            let jobs = zipped.get(&purge.id).into_iter().flatten();
            let zips = jobs.filter_map(|job| zips.get(job)).flatten().cloned();
            purge.also = uploaded_to(&purge.key).map(str::to_owned).into_iter().chain(zips).collect();
        }
        Ok(due)
    }

    /// Jobs that have ZIPs and are done with these pictures, by picture.
    async fn zipped(&self, due: &[Purge]) -> Result<BTreeMap<String, BTreeSet<JobId>>, Fault> {
        let mut zipped: BTreeMap<String, BTreeSet<JobId>> = BTreeMap::new();
        for due in due.chunks(CHUNK) {
            let ids_listed = list(due.len(), 1);
            let find = format!(
                "SELECT picture, items.job FROM items JOIN zips ON zips.job = items.job \
                 WHERE picture IN ({ids_listed}) AND state = 'done'"
            );
            let mut find = sqlx::query(sqlx::AssertSqlSafe(find));
            for purge in due {
                find = find.bind(purge.id.clone());
            }
            for row in find.fetch_all(&self.reads).await? {
                zipped.entry(row.try_get("picture")?).or_default().insert(parsed(&row, "job")?);
            }
        }
        Ok(zipped)
    }

    /// Forgets uploads that were deleted from the store, and the ZIPs that were with them.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn purged(&self, ids: &[String]) -> Result<(), Fault> {
        for ids in ids.chunks(CHUNK) {
            let ids_listed = list(ids.len(), 1);
            // A ZIP asked for since is not void.
            let zips = format!(
                "DELETE FROM zips WHERE purge IS NOT NULL AND job IN (SELECT items.job FROM uploads \
                 JOIN items ON picture = uploads.id WHERE due IS NOT NULL AND uploads.id IN ({ids_listed}))"
            );
            let uploads = format!("DELETE FROM uploads WHERE due IS NOT NULL AND id IN ({ids_listed})");
            let mut writing = self.begin().await?;
            for delete in [zips, uploads] {
                let mut delete = sqlx::query(sqlx::AssertSqlSafe(delete));
                for id in ids {
                    delete = delete.bind(id.clone());
                }
                delete.execute(&mut *writing).await?;
            }
            writing.commit().await?;
        }
        Ok(())
    }

    /// Forgets what is old: changes, idempotency keys and callbacks' signatures. Uploads that never came are to be
    /// deleted from now on, with what may lie in the store nevertheless.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn prune(&self, now: Millis) -> Result<(), Fault> {
        for (old, before) in [
            (
                "DELETE FROM events WHERE (owner, sequence) IN \
                 (SELECT owner, sequence FROM events WHERE created < $1 LIMIT $2)",
                now.saturating_sub(KEEP_EVENTS),
            ),
            (
                "DELETE FROM idempotency WHERE (owner, key) IN \
                 (SELECT owner, key FROM idempotency WHERE created < $1 LIMIT $2)",
                now.saturating_sub(KEEP_IDEMPOTENCY),
            ),
            (
                "DELETE FROM callbacks WHERE signature IN \
                 (SELECT signature FROM callbacks WHERE expires < $1 LIMIT $2)",
                now,
            ),
            (
                "UPDATE uploads SET due = $1 WHERE id IN (SELECT id FROM uploads \
                 WHERE state = 'announced' AND due IS NULL AND created < $1 LIMIT $2)",
                now.saturating_sub(KEEP_ANNOUNCED),
            ),
        ] {
            // So many at once: others write in between.
            while self.forget(old, before).await? == CHUNK as u64 {}
        }
        Ok(())
    }

    async fn forget(&self, forget: &'static str, before: Millis) -> Result<u64, Fault> {
        let forget = sqlx::query(forget).bind(at(before)).bind(CHUNK as i64);
        Ok(forget.execute(self.writer()).await?.rows_affected())
    }
}
