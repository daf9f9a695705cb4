//! What is done from time to time: deleting what is to be deleted, forgetting what is old.

use data_encoding::HEXLOWER;
use sqlx::Row as _;

use crate::rows::{CHUNK, at, list};
use crate::{Database, Fault, Millis};

/// An upload whose grace is over: what lies in the store is to be deleted, then [`Database::purged`] told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Its identifier.
    pub id: String,
    /// Where it lies.
    pub key: String,
    /// Below this key lie its results.
    pub results: String,
}

/// Changes are kept so long for clients that come back.
const KEEP_EVENTS: Millis = 7 * 24 * 3600 * 1000;
/// A request may come again for so long.
const KEEP_IDEMPOTENCY: Millis = 24 * 3600 * 1000;

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

    /// Uploads that are to be deleted for good, at most so many.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn purge_due(&self, now: Millis, most: u32) -> Result<Vec<Purge>, Fault> {
        let find = "SELECT id, owner, key FROM uploads WHERE due <= $1 ORDER BY due LIMIT $2";
        let rows = sqlx::query(find).bind(at(now)).bind(i64::from(most)).fetch_all(&self.reads).await?;
        let purge = |row: &sqlx::any::AnyRow| {
            let (id, owner): (String, String) = (row.try_get("id")?, row.try_get("owner")?);
            Ok(Purge { results: format!("stamped/{owner}/{id}"), key: row.try_get("key")?, id })
        };
        rows.iter().map(purge).collect()
    }

    /// Forgets uploads that were deleted from the store.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn purged(&self, ids: &[String]) -> Result<(), Fault> {
        for ids in ids.chunks(CHUNK) {
            let delete =
                format!("DELETE FROM uploads WHERE due IS NOT NULL AND id IN ({})", list(ids.len(), 1));
            let mut delete = sqlx::query(sqlx::AssertSqlSafe(delete));
            for id in ids {
                delete = delete.bind(id.clone());
            }
            delete.execute(self.writer()).await?;
        }
        Ok(())
    }

    /// Forgets what is old: changes, idempotency keys and callbacks' signatures.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn prune(&self, now: Millis) -> Result<(), Fault> {
        for (delete, before) in [
            ("DELETE FROM events WHERE created < $1", now.saturating_sub(KEEP_EVENTS)),
            ("DELETE FROM idempotency WHERE created < $1", now.saturating_sub(KEEP_IDEMPOTENCY)),
            ("DELETE FROM callbacks WHERE expires < $1", now),
        ] {
            sqlx::query(delete).bind(at(before)).execute(self.writer()).await?;
        }
        Ok(())
    }
}
