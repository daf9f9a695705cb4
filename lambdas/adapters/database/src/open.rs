//! Opening the database, and transactions.

use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Any, AnyPool, ConnectOptions as _, Executor as _, SqlSafeStr as _, Transaction};

use crate::Fault;

/// What changes the tables, in order; what was once applied anywhere stays as it is, to the letter.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |number, name: &'static str, sql: &'static str| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "service", include_str!("../migrations/0001_service.sql")),
        migration(2, "zips", include_str!("../migrations/0002_zips.sql")),
        migration(3, "announced", include_str!("../migrations/0003_announced.sql")),
    ])
});

/// How the database is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Connections at once, for PostgreSQL; for SQLite those that read.
    pub connections: u32,
    /// A connection that is not free after so long is an error.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 8, wait: Duration::from_secs(5) }
    }
}

/// The database; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) reads: AnyPool,
    /// SQLite has one writer at a time. With one connection for all of them they queue in turn, where
    /// several would try again and again.
    writes: AnyPool,
    pub(crate) is_postgres: bool,
}

/// SQLite as a service needs it: readers beside a writer. What was committed outlives the process, and
/// with `synchronous=NORMAL` a loss of power takes back at most the last moments, never the file.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
    PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;";

impl Database {
    /// Opens `sqlite:FILE` (made when it is missing) or `postgres://USER:PASSWORD@HOST/NAME`.
    ///
    /// # Errors
    /// [`Fault::Address`] and [`Fault::Unreachable`].
    pub async fn open(address: &str, options: Options) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        let is_postgres = is_postgres(address);
        if !is_postgres && !address.starts_with("sqlite:") {
            return Err(Fault::Address("it begins with neither sqlite: nor postgres:".to_owned()));
        }
        if !is_postgres && is_in_memory(address) {
            let reason = "a database in memory is gone with the process, and others cannot open it";
            return Err(Fault::Address(reason.to_owned()));
        }
        let address = match address.contains('?') || is_postgres {
            true => address.to_owned(),
            false => format!("{address}?mode=rwc"),
        };
        let connect = AnyConnectOptions::from_str(&address)?.disable_statement_logging();
        let pool = |connections: u32| {
            let pool = AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.wait)
                .test_before_acquire(is_postgres);
            match is_postgres {
                true => pool,
                false => pool.after_connect(|connection, _| {
                    Box::pin(async move { connection.execute(PRAGMAS).await.map(|_| ()) })
                }),
            }
        };
        // Nobody else has connections of a new pool: one that did not come in time is not in use.
        let unreachable = |error| match error {
            sqlx::Error::PoolTimedOut => Fault::Unreachable(error),
            other => other.into(),
        };
        let reads = pool(options.connections).connect_with(connect.clone()).await.map_err(unreachable)?;
        let writes = match is_postgres {
            true => reads.clone(),
            false => pool(1).connect_with(connect).await.map_err(unreachable)?,
        };
        Ok(Self { reads, writes, is_postgres })
    }

    /// Brings the tables to this version's form.
    ///
    /// # Errors
    /// [`Fault::Newer`] when a newer version did so before.
    pub async fn migrate(&self) -> Result<(), Fault> {
        let fault = |error| match error {
            MigrateError::VersionMissing(_) => Fault::Newer,
            MigrateError::Execute(error) => error.into(),
            other => Fault::Foreign(other.to_string()),
        };
        if self.is_postgres {
            return MIGRATIONS.run(&self.writes).await.map_err(fault);
        }
        // On PostgreSQL the migrator takes a lock. SQLite has none but its writer's: two processes that
        // open a new file would both make its tables.
        // run() itself takes no connection in a future that is Send.
        let mut writing = self.begin().await?;
        MIGRATIONS.run_direct(None, &mut *writing, false).await.map_err(fault)?;
        Ok(writing.commit().await?)
    }

    /// Connects by another address from now on, as when the password has changed; connections that are there stay.
    ///
    /// # Errors
    /// [`Fault::Address`], also for an address of another kind of database.
    pub fn renew(&self, address: &str) -> Result<(), Fault> {
        if !self.is_postgres || !is_postgres(address) {
            return Err(Fault::Address(
                "only PostgreSQL's can be renewed, by another of PostgreSQL's".to_owned(),
            ));
        }
        let connect = AnyConnectOptions::from_str(address)?.disable_statement_logging();
        self.reads.set_connect_options(connect.clone());
        self.writes.set_connect_options(connect);
        Ok(())
    }

    /// Asks it for an answer.
    ///
    /// # Errors
    /// [`Fault::Unreachable`].
    pub async fn ready(&self) -> Result<(), Fault> {
        sqlx::query("SELECT 1").execute(&self.reads).await?;
        Ok(())
    }

    /// Ends all connections, when what they do is done.
    pub async fn close(&self) {
        self.writes.close().await;
        self.reads.close().await;
    }

    /// Begins to write. On SQLite nobody else writes until it ends.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, Fault> {
        Ok(match self.is_postgres {
            true => self.writes.begin().await?,
            // A transaction that began by reading could not go on when another wrote meanwhile.
            false => self.writes.begin_with("BEGIN IMMEDIATE").await?,
        })
    }

    /// For a single statement that writes.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writes
    }
}

fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

/// Whether an address of SQLite names no file.
fn is_in_memory(address: &str) -> bool {
    let address = address.trim_start_matches("sqlite:").trim_start_matches("//");
    let (file, options) = address.split_once('?').unwrap_or((address, ""));
    file.is_empty() || file.contains(":memory:") || options.split('&').any(|option| option == "mode=memory")
}
