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
