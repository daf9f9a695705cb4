//! Making a job: the job, its items and the messages that ask for them, or nothing.

use data_encoding::HEXLOWER;
use sqlx::{Any, Row as _, Transaction};
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::message::{PictureObject, Task, VERSION};
use stampede_domain::settings::Settings;

use crate::fault::is_taken;
use crate::outbox::{LEASE, Outgoing, put};
use crate::rows::{CHUNK, at, parsed, values};
use crate::zips::ZipState;
use crate::{Database, Fault, Millis};

/// A job to be made. That its pictures and stamp are the owner's was checked before.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its identifier.
    pub id: JobId,
    /// Whose it is.
    pub owner: OwnerId,
    /// The stamp, as it was named, and where it lies in the store; `None` for a text alone.
    pub stamp: Option<(String, String)>,
    /// How pictures are stamped.
    pub settings: Settings,
    /// The pictures, at least one, in order.
    pub items: Vec<NewItem>,
    /// The key under which the same request may come again.
    pub idempotency: Option<Idempotency>,
    /// The request, for logs.
    pub request: Option<String>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
}

/// One picture of a job to be made.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The picture.
    pub picture: PictureId,
    /// The name it was uploaded under.
    pub name: String,
    /// Where it lies in the store.
    pub key: String,
}

/// Tells a request that comes again from another.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// What the client calls the request.
    pub key: String,
    /// A hash of what it asks for.
    pub fingerprint: [u8; 32],
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is made; these messages are to be sent, and [`Database::sent`] told so. The one who made it has
    /// [`LEASE`] to do that.
    New(Vec<Outgoing>),
    /// The same request made this job before.
    Again(JobId),
    /// Another request came under the same key.
    Differs,
}

/// Where the results of a picture lie: what is deleted with the picture is below one key.
pub fn results_of(owner: OwnerId, picture: PictureId) -> String {
    format!("stamped/{owner}/{picture}")
}

impl Database {
    /// Makes a job.
    ///
    /// # Errors
    /// [`Fault`]; nothing is then made.
    pub async fn create_job(&self, job: &NewJob, now: Millis) -> Result<Created, Fault> {
        let mut writing = self.begin().await?;
        if let Some(idempotency) = &job.idempotency {
            match claim(&mut writing, job, idempotency, now).await {
                Ok(None) => {}
                Ok(Some(made)) => return Ok(made),
                // On PostgreSQL another transaction may have claimed it in the meantime.
                Err(Fault::Refused(error)) if is_taken(&error) => {
                    writing.rollback().await?;
                    let mut reading = self.begin().await?;
                    let made = claimed(&mut reading, job.owner, idempotency).await?;
                    return made.ok_or(Fault::Busy(error));
                }
                Err(fault) => return Err(fault),
            }
        }
        insert_job(&mut writing, job, now).await?;
        insert_items(&mut writing, job, now).await?;
        let outgoing: Vec<_> =
            (0..).zip(&job.items).map(|(number, item)| job.message(number, item)).collect();
        put(&mut writing, &outgoing, now, now + LEASE).await?;
        writing.commit().await?;
        Ok(Created::New(outgoing))
    }
}

async fn claimed(
    writing: &mut Transaction<'static, Any>,
    owner: OwnerId,
    idempotency: &Idempotency,
) -> Result<Option<Created>, Fault> {
    let find = "SELECT fingerprint, job FROM idempotency WHERE owner = $1 AND key = $2";
    let find = sqlx::query(find).bind(owner.to_string()).bind(idempotency.key.clone());
    let Some(row) = find.fetch_optional(&mut **writing).await? else { return Ok(None) };
    let same = row.try_get::<String, _>("fingerprint")? == HEXLOWER.encode(&idempotency.fingerprint);
    Ok(Some(if same { Created::Again(parsed(&row, "job")?) } else { Created::Differs }))
}

/// Takes the key for this job, or tells whose it is.
async fn claim(
    writing: &mut Transaction<'static, Any>,
    job: &NewJob,
    idempotency: &Idempotency,
    now: Millis,
) -> Result<Option<Created>, Fault> {
    if let Some(made) = claimed(writing, job.owner, idempotency).await? {
        return Ok(Some(made));
    }
    let claim = "INSERT INTO idempotency (owner, key, fingerprint, job, created) VALUES ($1, $2, $3, $4, $5)";
    let claim = sqlx::query(claim).bind(job.owner.to_string()).bind(idempotency.key.clone());
    let claim = claim.bind(HEXLOWER.encode(&idempotency.fingerprint)).bind(job.id.to_string()).bind(at(now));
    claim.execute(&mut **writing).await?;
    Ok(None)
}

async fn insert_job(writing: &mut Transaction<'static, Any>, job: &NewJob, now: Millis) -> Result<(), Fault> {
    let insert = "INSERT INTO jobs (id, owner, stamp, stamp_key, settings, created, queued, processing, done, \
         failed, cancelled, zip_attempt, zip, request, traceparent) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0, $8, $9, $10)";
    let (stamp, stamp_key) = job.stamp.clone().unzip();
    let insert = sqlx::query(insert).bind(job.id.to_string()).bind(job.owner.to_string());
    let insert = insert.bind(stamp).bind(stamp_key).bind(serde_json::to_string(&job.settings)?);
    let insert = insert.bind(at(now)).bind(at(job.items.len() as u64));
    let insert = insert.bind(serde_json::to_string(&ZipState::None)?);
    insert.bind(job.request.clone()).bind(job.traceparent.clone()).execute(&mut **writing).await?;
    Ok(())
}

async fn insert_items(
    writing: &mut Transaction<'static, Any>,
    job: &NewJob,
    now: Millis,
) -> Result<(), Fault> {
    for (chunk, items) in job.items.chunks(CHUNK).enumerate() {
        let rows = values("($1, {1}, {2}, {3}, {4}, 1, 'queued', $2)", items.len(), 4, 3);
        let insert = format!(
            "INSERT INTO items (job, number, picture, name, key, attempt, state, queued) VALUES {rows}"
        );
        let mut insert = sqlx::query(sqlx::AssertSqlSafe(insert)).bind(job.id.to_string()).bind(at(now));
        for (number, item) in (chunk * CHUNK..).zip(items) {
            insert = insert.bind(at(number as u64)).bind(item.picture.to_string());
            insert = insert.bind(item.name.clone()).bind(item.key.clone());
        }
        insert.execute(&mut **writing).await?;
    }
    Ok(())
}

impl NewJob {
    fn message(&self, number: u32, item: &NewItem) -> Outgoing {
        let task = Task {
            version: VERSION,
            job: self.id,
            item: number,
            attempt: 1,
            owner: self.owner,
            picture: PictureObject {
                key: item.key.clone(),
                name: item.name.clone(),
                index: u64::from(number) + 1,
            },
            stamp: self.stamp.as_ref().map(|(_, key)| key.clone()),
            settings: self.settings.clone(),
            output: results_of(self.owner, item.picture),
            request: self.request.clone(),
            traceparent: self.traceparent.clone(),
        };
        Outgoing::of_task(task)
    }
}
