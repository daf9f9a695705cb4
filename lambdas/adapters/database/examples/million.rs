//! How fast the database is when it is full: fills it with jobs of one item, then measures, and at last has it say how it
//! answers what owners ask most.
//!
//! `cargo run --release -p stampede-database --example million -- sqlite:/tmp/million.db 1000000`, or with
//! `postgres://USER@HOST/NAME` of an empty database, or with `postgres`: one that is started for this and ends with it.
//! That one flushes nothing to the disk.

use std::error::Error;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Row as _};
use stampede_database::{Created, Database, JobCursor, NewItem, NewJob, Options};
use stampede_domain::callback::Report;
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::item::{Event, Output};
use stampede_domain::job::MOST_ITEMS;
use stampede_domain::settings::Settings;
use stampede_emulators::Postgres;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Requests at once.
const CLIENTS: u64 = 16;
/// Every second job is of the first.
const OWNERS: u64 = 1000;

#[tokio::main]
async fn main() -> Outcome {
    let mut words = std::env::args().skip(1);
    let address = words.next().ok_or("the first argument is the database's address")?;
    let jobs: u64 = words.next().ok_or("the second argument is how many jobs to make")?.parse()?;
    let own = (address == "postgres").then(Postgres::start).transpose()?;
    let address = own.as_ref().map_or(address, |postgres| postgres.url.clone());
    let database = Database::open(&address, Options::default()).await?;
    database.migrate().await?;

    let began = Instant::now();
    create(&database, jobs).await?;
    database.report(&[finished(job(jobs), 0)], 1).await?;
    fill(&address, jobs).await?;
    println!("fill with {jobs} jobs: {:?}", began.elapsed());

    let began = Instant::now();
    let made = 50_000;
    let took = many(&database, made, move |database, number| async move {
        let number = jobs + 1 + number;
        create(&database, number).await
    })
    .await?;
    told("create and send, one item", took, made, began.elapsed());

    let began = Instant::now();
    let large = JobId::from_bytes(*b"a very large job");
    create_of(&database, large, 0, MOST_ITEMS as u64).await?;
    println!("create {MOST_ITEMS} items: {:?}", began.elapsed());
    let began = Instant::now();
    let half = MOST_ITEMS as u32 / 2;
    for first in (0..half).step_by(50) {
        let reports: Vec<_> = (first..first + 50).map(|item| finished(large, item)).collect();
        database.report(&reports, 1).await?;
    }
    println!("report on {half} of them in batches of 50: {:?}", began.elapsed());
    let began = Instant::now();
    database.cancel(owner(0), large, 2).await?;
    println!("cancel the other {half}: {:?}", began.elapsed());
    let began = Instant::now();
    database.retry(owner(0), large, None, 3).await?;
    println!("retry them: {:?}", began.elapsed());

    let reads = 100_000;
    let began = Instant::now();
    let took = many(&database, reads, move |database, number| async move {
        let number = number * 7919 % jobs;
        let job = database.job(owner(number), job(number)).await?;
        Ok(job.map(|_| ()).ok_or("a job is missing")?)
    })
    .await?;
    told("job", took, reads, began.elapsed());

    let reads = 20_000;
    let began = Instant::now();
    let took = many(&database, reads, move |database, number| async move {
        let id = job(number * 7919 % jobs);
        let cursor = JobCursor { created: number * 7919 % jobs, id };
        database.list_jobs(owner(number % 2), Some(cursor), 50).await?;
        Ok(())
    })
    .await?;
    told("list_jobs, 50 of them", took, reads, began.elapsed());

    let began = Instant::now();
    let took = many(&database, reads, move |database, number| async move {
        let items = database.items(owner(0), large, (number * 37 % MOST_ITEMS as u64) as u32, 50).await?;
        Ok((!items.is_empty()).then_some(()).ok_or("items are missing")?)
    })
    .await?;
    told("items, 50 of them", took, reads, began.elapsed());

    let began = Instant::now();
    let took = many(&database, reads, move |database, number| async move {
        // Those of the fill are done.
        database.report(&[finished(job(jobs + 1 + number), 0)], jobs).await?;
        Ok(())
    })
    .await?;
    told("report on one item", took, reads, began.elapsed());
    database.close().await;
    plans(&address, jobs).await
}

/// Has the database say how it answers the very statements of the service.
async fn plans(address: &str, jobs: u64) -> Outcome {
    // Of the owner who has every second job.
    let number = (jobs / 2) & !1;
    let (owner, job) = (text(owner(number)), text(job(number)));
    let (of_jobs, of_items) = (include_str!("../src/jobs.rs"), include_str!("../src/items.rs"));
    for (what, statement, values) in [
        ("a job", statement(of_jobs, "WHERE id = $1")?, vec![job.clone(), owner.clone()]),
        (
            "a page of jobs",
            statement(of_jobs, "ORDER BY created DESC")?,
            vec![owner.clone(), number.to_string(), job.clone(), "50".to_owned()],
        ),
        (
            "a page of items",
            statement(of_items, "ORDER BY number")?,
            vec![job, owner, "0".to_owned(), "50".to_owned()],
        ),
    ] {
        let numbered = values.iter().enumerate().rev();
        let asked =
            numbered.fold(statement, |asked, (at, value)| asked.replace(&format!("${}", at + 1), value));
        println!("\n{what}: {asked}");
        for step in plan(address, &asked).await? {
            println!("  {step}");
        }
    }
    Ok(())
}

/// As it stands in a statement.
fn text(value: impl Display) -> String {
    format!("'{value}'")
}

/// The statement in a source file that holds a part.
fn statement(source: &str, part: &str) -> Outcome<String> {
    let literals = source.split('"').skip(1).step_by(2).map(|literal| literal.replace("\\\n", " "));
    let mut statements = literals.filter(|literal| literal.starts_with("SELECT "));
    let statement = statements.find(|statement| statement.contains(part));
    let statement = statement.ok_or_else(|| format!("there is no statement with {part}"))?;
    Ok(statement.split_whitespace().collect::<Vec<_>>().join(" ").replace("{COLUMNS}", "*"))
}

/// The steps by which a statement is answered; PostgreSQL answers it, too, and says how long each took.
async fn plan(address: &str, statement: &str) -> Outcome<Vec<String>> {
    if address.starts_with("sqlite:") {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let mut connection = sqlx::SqliteConnection::connect(address).await?;
        let rows = sqlx::query(explain).fetch_all(&mut connection).await?;
        return Ok(rows.iter().map(|row| row.get::<String, _>("detail")).collect());
    }
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {statement}"));
    let mut connection = sqlx::PgConnection::connect(address).await?;
    let rows = sqlx::query(explain).fetch_all(&mut connection).await?;
    Ok(rows.iter().map(|row| row.get::<String, _>(0)).collect())
}

/// Copies the job that is there to all smaller numbers, as no client could: many in one transaction.
async fn fill(address: &str, jobs: u64) -> Outcome {
    const CHUNK: usize = 500;
    let pool = sqlx::AnyPool::connect(address).await?;
    let numbers: Vec<u64> = (0..jobs).collect();
    for numbers in numbers.chunks(100 * CHUNK) {
        let mut writing = pool.begin().await?;
        for numbers in numbers.chunks(CHUNK) {
            let row = |first: usize| format!("(${first}, ${}, ${}, ${})", first + 1, first + 2, first + 3);
            let rows: Vec<_> = (0..numbers.len()).map(|at| row(2 + 4 * at)).collect();
            let rows = rows.join(", ");
            let copy_jobs = format!(
                "INSERT INTO jobs (id, owner, stamp, stamp_key, settings, created, finished, queued, \
                 processing, done, failed, cancelled, zip_attempt, zip, request) \
                 SELECT column1, column2, stamp, stamp_key, settings, column3, column3, queued, processing, \
                 done, failed, cancelled, zip_attempt, zip, request \
                 FROM jobs, (VALUES {rows}) AS new WHERE id = $1"
            );
            let copy_items = format!(
                "INSERT INTO items (job, number, picture, name, key, attempt, state, output, queued, \
                 started, finished) \
                 SELECT column1, number, column4, name, key, attempt, state, output, column3, column3, column3 \
                 FROM items, (VALUES {rows}) AS new WHERE job = $1"
            );
            for copy in [copy_jobs, copy_items] {
                let mut copy = sqlx::query(sqlx::AssertSqlSafe(copy)).bind(job(jobs).to_string());
                for &number in numbers {
                    copy = copy.bind(job(number).to_string()).bind(owner(number).to_string());
                    copy = copy.bind(number as i64).bind(picture(number, 0).to_string());
                }
                copy.execute(&mut *writing).await?;
            }
        }
        writing.commit().await?;
    }
    if !address.starts_with("sqlite:") {
        // As PostgreSQL does by itself, some time later: a planner that takes the tables for empty plans otherwise.
        sqlx::query("ANALYZE").execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}

fn owner(number: u64) -> OwnerId {
    let number = if number.is_multiple_of(2) { 0 } else { number % OWNERS };
    OwnerId::from_bytes((u128::from(number) + 1).to_be_bytes())
}

fn job(number: u64) -> JobId {
    // As random as identifiers are: where rows lie in an index matters.
    let mixed = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    JobId::from_bytes((mixed ^ (mixed >> 64)).to_be_bytes())
}

fn picture(job: u64, item: u64) -> PictureId {
    let mixed = u128::from((job << 20 | item) + 1).wrapping_mul(0x2545_f491_4f6c_dd1d_9e37_79b9_7f4a_7c15);
    PictureId::from_bytes((mixed ^ (mixed >> 64)).to_be_bytes())
}

async fn create(database: &Database, number: u64) -> Outcome {
    create_of(database, job(number), number, 1).await
}

async fn create_of(database: &Database, id: JobId, number: u64, items: u64) -> Outcome {
    let owner = owner(number);
    let item = |item: u64| {
        let picture = picture(number, item);
        NewItem { picture, name: format!("IMG_{item}.jpg"), key: format!("originals/{owner}/{picture}") }
    };
    let new = NewJob {
        id,
        owner,
        stamp: Some(("built-in:logo".to_owned(), "stamps/built-in/logo".to_owned())),
        settings: Settings { at: Some("bottom-right".to_owned()), ..Settings::default() },
        items: (0..items).map(item).collect(),
        idempotency: None,
        request: Some("0123456789abcdef".to_owned()),
        traceparent: None,
    };
    let Created::New(outgoing) = database.create_job(&new, number).await? else {
        return Err("the job is there already; take a new database".into());
    };
    let sent: Vec<_> = outgoing.into_iter().map(|outgoing| outgoing.id).collect();
    Ok(database.sent(&sent).await?)
}

fn finished(job: JobId, item: u32) -> Report {
    let output = Output {
        key: format!("stamped/{}/{item}.jpg", owner(0)),
        bytes: 123_456,
        width: 4000,
        height: 3000,
        path: "splice".to_owned(),
        milliseconds: 9,
    };
    Report { job, item, attempt: 1, event: Event::Finished { output } }
}

/// Does something for the numbers below `count`, by [`CLIENTS`] at once; how long each took.
async fn many<F>(
    database: &Database,
    count: u64,
    work: impl Fn(Database, u64) -> F + Clone + Send + 'static,
) -> Outcome<Vec<Duration>>
where
    F: Future<Output = Outcome> + Send,
{
    let next = std::sync::Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (database, next, work) = (database.clone(), next.clone(), work.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Outcome::Ok(took);
                    }
                    let began = Instant::now();
                    work(database.clone(), number).await?;
                    took.push(began.elapsed());
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await??);
    }
    Ok(all)
}

fn told(what: &str, mut took: Vec<Duration>, count: u64, total: Duration) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    let each_second = count as f64 / total.as_secs_f64();
    println!("{what}: {each_second:.0}/s, p50 {:?}, p99 {:?}, most {:?}", at(50), at(99), at(100));
}
