//! Messages on their way to the queue.

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row as _, Transaction};
use stampede_domain::id::JobId;
use stampede_domain::message::{Message, Task, Zip};

use crate::rows::{CHUNK, at, list, number, values};
use crate::{Database, Fault, Millis};

/// Who takes messages from the outbox has so long to send them.
pub const LEASE: Millis = 30_000;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Names it until it is sent.
    pub id: String,
    /// The message.
    pub body: String,
}

impl Outgoing {
    pub(crate) fn of_task(task: Task) -> Self {
        let id = id_of_task(task.job, task.item, task.attempt);
        Self { id, body: Message::Stamp(task).to_json() }
    }

    pub(crate) fn of_zip(zip: Zip) -> Self {
        let id = format!("{}/zip/{}", zip.job, zip.attempt);
        Self { id, body: Message::Zip(zip).to_json() }
    }

    /// Where it stands among messages of the same time: items of a job by their numbers.
    fn place(&self) -> (&str, Option<u32>) {
        let mut parts = self.id.split('/');
        (parts.next().unwrap_or_default(), parts.next().and_then(|item| item.parse().ok()))
    }
}

/// What the message is named that asks for an attempt at an item.
pub(crate) fn id_of_task(job: JobId, item: u32, attempt: u32) -> String {
    format!("{job}/{item}/{attempt}")
}

/// Puts messages in, which nobody else sends before `leased_until`.
pub(crate) async fn put(
    writing: &mut Transaction<'static, Any>,
    outgoing: &[Outgoing],
    now: Millis,
    leased_until: Millis,
) -> Result<(), Fault> {
    for outgoing in outgoing.chunks(CHUNK) {
        let rows = values("({1}, {2}, $1, $2)", outgoing.len(), 2, 3);
        let insert = format!("INSERT INTO outbox (id, body, created, leased_until) VALUES {rows}");
        let mut insert = sqlx::query(sqlx::AssertSqlSafe(insert)).bind(at(now)).bind(at(leased_until));
        for message in outgoing {
            insert = insert.bind(message.id.clone()).bind(message.body.clone());
        }
        insert.execute(&mut **writing).await?;
    }
    Ok(())
}

/// Takes messages out, sent or not to be sent any more.
pub(crate) async fn remove(connection: &mut AnyConnection, ids: &[String]) -> Result<(), Fault> {
    for ids in ids.chunks(CHUNK) {
        let delete = format!("DELETE FROM outbox WHERE id IN ({})", list(ids.len(), 1));
        let mut delete = sqlx::query(sqlx::AssertSqlSafe(delete));
        for id in ids {
            delete = delete.bind(id.clone());
        }
        delete.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Database {
    /// Takes messages that nobody sends at present, the oldest first; nobody else takes them for
    /// [`LEASE`].
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn take_outbox(&self, most: u32, now: Millis) -> Result<Vec<Outgoing>, Fault> {
        let mut writing = self.begin().await?;
        let lock = if self.is_postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
        let take = format!(
            "UPDATE outbox SET leased_until = $1 WHERE id IN (SELECT id FROM outbox \
             WHERE leased_until <= $2 ORDER BY leased_until, created LIMIT $3 {lock}) \
             RETURNING id, body, created"
        );
        let take = sqlx::query(sqlx::AssertSqlSafe(take)).bind(at(now + LEASE)).bind(at(now));
        let rows = take.bind(i64::from(most)).fetch_all(&mut *writing).await?;
        writing.commit().await?;
        let outgoing = |row: &AnyRow| {
            Ok((number(row, "created")?, Outgoing { id: row.try_get("id")?, body: row.try_get("body")? }))
        };
        let mut taken = rows.iter().map(outgoing).collect::<Result<Vec<_>, Fault>>()?;
        // RETURNING promises no order.
        taken.sort_by(|(a, one), (b, other)| (a, one.place()).cmp(&(b, other.place())));
        Ok(taken.into_iter().map(|(_, outgoing)| outgoing).collect())
    }

    /// Forgets messages that were sent.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn sent(&self, ids: &[String]) -> Result<(), Fault> {
        let mut connection = self.writer().acquire().await?;
        remove(&mut connection, ids).await
    }
}
