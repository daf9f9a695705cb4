//! Opening a database, and what is said where that is not possible.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use stampede_database::{Database, Fault, Options};
use stampede_emulators::Postgres;

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_such() {
    let address = {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("postgres://stampede@{}/stampede", unused.local_addr().unwrap())
    };
    let options = Options { wait: Duration::from_millis(50), ..Options::default() };
    let fault = Database::open(&address, options).await.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable(_)) && fault.is_passing(), "{fault}");
}

/// As RDS does every week, to those whose connections end just then.
#[tokio::test]
async fn a_new_password_is_used_from_when_it_is_told() {
    let postgres = Postgres::start_with_password("old").unwrap();
    let options = Options { connections: 1, ..Options::default() };
    let database = Database::open(&postgres.url, options).await.unwrap();
    let mut other = PgConnection::connect(&postgres.url).await.unwrap();
    for statement in [
        "ALTER USER stampede PASSWORD 'new'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'stampede' AND pid <> pg_backend_pid()",
    ] {
        sqlx::query(statement).execute(&mut other).await.unwrap();
    }
    let fault = database.ready().await.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable(_)) && fault.is_passing(), "{fault}");
    database.renew(&postgres.url.replace(":old@", ":new@")).unwrap();
    database.ready().await.unwrap();
    assert!(matches!(database.renew("sqlite:a.db"), Err(Fault::Address(_))));
}

#[tokio::test]
async fn several_may_open_a_new_file_at_once() {
    for round in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("new.db").display());
        let openers: Vec<_> = (0..6)
            .map(|_| {
                let address = address.clone();
                tokio::spawn(async move {
                    let database = Database::open(&address, Options::default()).await?;
                    database.migrate().await?;
                    database.ready().await
                })
            })
            .collect();
        for opener in openers {
            opener.await.unwrap().unwrap_or_else(|fault| panic!("round {round}: {fault}"));
        }
    }
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for address in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://", "sqlite:a?mode=memory"] {
        let fault = Database::open(address, Options::default()).await.unwrap_err();
        assert!(matches!(fault, Fault::Address(_)) && !fault.is_passing(), "{address}");
        assert!(
            fault.to_string().contains("in memory") && fault.to_string().contains("sqlite:FILE"),
            "{fault}"
        );
    }
}
