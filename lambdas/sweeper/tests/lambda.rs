//! The binary through the Lambda Runtime API, on PostgreSQL and ministack.

use std::path::Path;

use serde_json::json;
use stampede_emulators::{Failed, Function, Ministack, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn it_migrates_sweeps_and_says_what_it_does_not_know() {
    let program = Path::new(env!("CARGO_BIN_EXE_sweeper"));
    let incomplete = Function::start(program, &[]).await;
    assert!(matches!(incomplete, Err(Failed::Silent | Failed::Said(_))), "it needs its variables");

    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let (queue, dead) = ministack.queue("tasks", 5).await.unwrap();
    ministack.bucket("all").await.unwrap();
    let secret = "s".repeat(64);
    let mut variables = ministack.variables().to_vec();
    for (name, value) in [
        ("STAMPEDE_DATABASE", &*postgres.url),
        ("STAMPEDE_BUCKETS", "all,all,all"),
        ("STAMPEDE_QUEUE", &queue),
        ("STAMPEDE_DEAD_LETTERS", &dead),
        ("STAMPEDE_SECRET", &secret),
        ("STAMPEDE_PUSHER", "1:key:secret@http://127.0.0.1:9"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let mut sweeper = Function::start(program, &variables).await.unwrap();
    let schedule = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let early = sweeper.call(schedule.clone()).await;
    assert!(matches!(early, Err(Failed::Said(_))), "there are no tables yet: {early:?}");
    for _ in 0..2 {
        assert_eq!(sweeper.call(json!({ "do": "migrate" })).await.unwrap(), json!({ "done": "migrate" }));
    }
    assert_eq!(sweeper.call(schedule).await.unwrap(), json!({ "done": "sweep" }));
    let other = sweeper.call(json!({ "do": "dance" })).await.unwrap_err().to_string();
    assert!(other.contains("dance") && other.contains("migrate"), "{other}");
    for (incomplete, wanted) in [
        (json!({ "do": "add-token" }), "`name`"),
        (json!({ "do": "add-token", "name": "ci", "owner": "me" }), "is not an identifier"),
        (json!({ "do": "revoke-token", "id": "tok_1" }), "`owner`"),
    ] {
        let said = sweeper.call(incomplete).await.unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}");
    }
}
