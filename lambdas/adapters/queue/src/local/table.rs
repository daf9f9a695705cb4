//! The table of messages, and every statement on it.
//!
//! A message is visible when its time has come, and held until then: receiving, extending and releasing
//! all set that time. Whatever looks for messages goes by the index on it, or by the message's number.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::clock::Milliseconds;
use super::receipt::{Receipt, Side};
use crate::{Depth, Fault, Received};

/// What `PRAGMA user_version` says of the table below.
const VERSION: i64 = 1;

/// Numbers are never used again (AUTOINCREMENT), or an old receipt could fit a new message.
const TABLE: &str = "
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue INTEGER NOT NULL,
        visible INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        claim INTEGER NOT NULL DEFAULT 0,
        body TEXT NOT NULL,
        reason TEXT
    ) STRICT;
    CREATE INDEX messages_by_time ON messages (queue, visible);
    PRAGMA user_version = 1;
";

const SEND: &str = "
    INSERT INTO messages (queue, visible, sent, body)
    SELECT ?1, ?2, ?2, value FROM json_each(?3)";

/// What was received too often moves instead. The two cases are told apart by the queue.
const CLAIM: &str = "
    UPDATE messages SET
        queue = iif(receives < ?3, queue, 1),
        visible = iif(receives < ?3, ?4, ?2),
        receives = iif(receives < ?3, receives + 1, 0),
        claim = claim + 1
    WHERE id IN (
        SELECT id FROM messages WHERE queue = ?1 AND visible <= ?2 ORDER BY visible, id LIMIT ?5
    )
    RETURNING id, queue, claim, receives, sent, body, reason";

const DELETE: &str = "
    DELETE FROM messages WHERE id IN (
        SELECT held.id FROM json_each(?2) AS receipt
        CROSS JOIN messages AS held ON held.id = receipt.value ->> 0
        WHERE held.claim = receipt.value ->> 1 AND held.queue = ?1
    )";

const EXTEND: &str = "
    UPDATE messages SET visible = ?4 WHERE id IN (
        SELECT held.id FROM json_each(?2) AS receipt
        CROSS JOIN messages AS held ON held.id = receipt.value ->> 0
        WHERE held.claim = receipt.value ->> 1 AND held.queue = ?1 AND held.visible > ?3
    )
    RETURNING id, claim";

const BURY: &str = "
    UPDATE messages SET queue = 1, visible = ?1, receives = 0, claim = claim + 1, reason = ?2
    WHERE id = ?3 AND claim = ?4 AND queue = 0";

const EARLIEST: &str = "SELECT min(visible) FROM messages WHERE queue = ?1";

const WAITING: &str = "SELECT count(*) FROM messages WHERE queue = ?1 AND visible <= ?2";
const IN_FLIGHT: &str = "SELECT count(*) FROM messages WHERE queue = ?1 AND visible > ?2";

/// Somebody else's transaction is waited for so long.
const BUSY: Duration = Duration::from_secs(10);

/// Opens the file, and makes file and table where they are not there.
pub(super) async fn open(path: &Path) -> Result<SqliteConnection, Fault> {
    let fault = |error| Fault::File { path: path.to_owned(), source: Arc::new(error) };
    let options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut connection = connect(&options).await.map_err(fault)?;
    let version = create(&mut connection).await.map_err(fault)?;
    if version != VERSION {
        return Err(Fault::Version { path: path.to_owned(), version });
    }
    Ok(connection)
}

/// Opens the file that is there, for reading only.
pub(super) async fn open_to_read(path: &Path) -> Result<SqliteConnection, Fault> {
    connect(&options(path).read_only(true))
        .await
        .map_err(|error| Fault::File { path: path.to_owned(), source: Arc::new(error) })
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY)
}

/// While another process turns the file's write-ahead log on, SQLite says that it is busy without
/// waiting.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let until = tokio::time::Instant::now() + BUSY;
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("5") && tokio::time::Instant::now() < until =>
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            connected => return connected,
        }
    }
}

async fn create(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    if version != 0 {
        return Ok(version);
    }
    sqlx::raw_sql(TABLE).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(VERSION)
}

/// Puts a JSON list of strings into a queue.
pub(super) async fn send(
    connection: &mut SqliteConnection,
    side: Side,
    bodies: &str,
    now: Milliseconds,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(SEND).bind(side.number()).bind(now).bind(bodies);
    query.execute(connection).await.map(drop)
}

/// What [`claim`] did.
pub(super) struct Claimed {
    pub(super) received: Vec<Received>,
    /// So many went to the dead letters instead.
    pub(super) moved: usize,
}

/// Holds the `most` messages that have been visible longest until `until`.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    side: Side,
    most: usize,
    most_receives: u32,
    now: Milliseconds,
    until: Milliseconds,
) -> Result<Claimed, sqlx::Error> {
    // Dead letters are received as often as one likes.
    let most_receives = if side == Side::Main { i64::from(most_receives) } else { i64::MAX };
    let query = sqlx::query(CLAIM).bind(side.number()).bind(now).bind(most_receives).bind(until);
    let rows = query.bind(i64::try_from(most).unwrap_or(i64::MAX)).fetch_all(connection).await?;
    let taken = rows.len();
    let mut received = Vec::with_capacity(taken);
    for row in rows {
        if row.try_get::<i64, _>("queue")? == side.number() {
            received.push((row.try_get::<i64, _>("id")?, read(&row, side)?));
        }
    }
    // RETURNING promises no order; older ones are to come first where they can.
    received.sort_unstable_by_key(|(id, _)| *id);
    let moved = taken - received.len();
    Ok(Claimed { received: received.into_iter().map(|(_, message)| message).collect(), moved })
}

fn read(row: &SqliteRow, side: Side) -> Result<Received, sqlx::Error> {
    let receipt = Receipt { id: row.try_get("id")?, claim: row.try_get("claim")?, side };
    Ok(Received {
        id: receipt.id.to_string(),
        receipt: receipt.to_string(),
        body: row.try_get("body")?,
        receives: row.try_get("receives")?,
        sent: row.try_get::<i64, _>("sent")?.try_into().unwrap_or_default(),
        reason: row.try_get("reason")?,
    })
}

/// Deletes what is held by a JSON list of receipts, each a list of a message's number and a claim's.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    side: Side,
    receipts: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE).bind(side.number()).bind(receipts).execute(connection).await.map(drop)
}

/// Holds what is held by a JSON list of receipts until `until`, and tells which those are.
pub(super) async fn extend(
    connection: &mut SqliteConnection,
    side: Side,
    receipts: &str,
    now: Milliseconds,
    until: Milliseconds,
) -> Result<Vec<Receipt>, sqlx::Error> {
    let query = sqlx::query_as(EXTEND).bind(side.number()).bind(receipts).bind(now).bind(until);
    let held: Vec<(i64, i64)> = query.fetch_all(connection).await?;
    Ok(held.into_iter().map(|(id, claim)| Receipt { id, claim, side }).collect())
}

/// Moves what is held by a receipt of the main queue to the dead letters.
pub(super) async fn bury(
    connection: &mut SqliteConnection,
    receipt: Receipt,
    reason: &str,
    now: Milliseconds,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(BURY).bind(now).bind(reason).bind(receipt.id).bind(receipt.claim);
    query.execute(connection).await.map(drop)
}

/// When the first message of a queue is visible, or has been since.
pub(super) async fn earliest(
    connection: &mut SqliteConnection,
    side: Side,
) -> Result<Option<Milliseconds>, sqlx::Error> {
    sqlx::query_scalar(EARLIEST).bind(side.number()).fetch_one(connection).await
}

/// Counts.
pub(super) async fn depth(
    connection: &mut SqliteConnection,
    side: Side,
    now: Milliseconds,
) -> Result<Depth, sqlx::Error> {
    let mut both = connection.begin().await?;
    let mut counts = [0_i64; 2];
    for (count, sql) in counts.iter_mut().zip([WAITING, IN_FLIGHT]) {
        *count = sqlx::query_scalar(sql).bind(side.number()).bind(now).fetch_one(&mut *both).await?;
    }
    let [waiting, in_flight] = counts.map(|count| count.try_into().unwrap_or_default());
    Ok(Depth { waiting, in_flight })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_statement_scans_the_messages() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = open(&folder.path().join("queue")).await.unwrap();
        for sql in [SEND, CLAIM, DELETE, EXTEND, BURY, EARLIEST, WAITING, IN_FLIGHT] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            let of_messages = |step: &&String| step.contains("messages") || step.contains("held");
            for step in plan.iter().filter(of_messages) {
                let indexed = ["USING INDEX", "USING COVERING INDEX", "USING INTEGER PRIMARY KEY"];
                assert!(step.starts_with("SEARCH "), "{sql}: {plan:?}");
                assert!(indexed.iter().any(|index| step.contains(index)), "{sql}: {plan:?}");
            }
            assert_eq!(plan.iter().filter(of_messages).count() > 0, sql != SEND, "{sql}: {plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER")), "{sql}: {plan:?}");
        }
    }

    #[tokio::test]
    async fn a_file_of_another_version_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue");
        let mut connection = open(&path).await.unwrap();
        sqlx::query("PRAGMA user_version = 2").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        assert!(matches!(open(&path).await, Err(Fault::Version { version: 2, .. })));
        std::fs::write(&path, "not a database, but long enough to be looked at as one").unwrap();
        assert!(matches!(open(&path).await, Err(Fault::File { .. })));
    }
}
