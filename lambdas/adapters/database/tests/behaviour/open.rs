//! Opening a database, and what is said where that is not possible.

use std::time::Duration;

use stampede_database::{Database, Fault, Options};

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
