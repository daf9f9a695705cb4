//! A process that is killed while it puts objects leaves each whole, and with its own notes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use stampede_domain::signature::Secret;
use stampede_store::{About, Fault, Folder, Store};

/// Set where this test runs as the process that is killed: the folder.
const ROOT: &str = "STAMPEDE_CRASH_ROOT";
const KEY: &str = "stamped/a/b";

fn open(root: &Path) -> Store {
    Store::Folder(Folder::open(root, "http://127.0.0.1", Secret::new([7; 32]).unwrap()).unwrap())
}

/// Content and notes that tell whether they belong together.
fn version(number: usize) -> (Bytes, About) {
    let metadata = BTreeMap::from([("number".to_owned(), number.to_string())]);
    let body = vec![(number % 251) as u8; 1000 + 7919 * (number % 40)];
    (body.into(), About { content_type: format!("image/x-{number}"), metadata })
}

#[test]
fn killed_processes_leave_whole_objects() {
    if let Some(root) = std::env::var_os(ROOT) {
        put_until_killed(Path::new(&root));
    }
    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed_processes_leave_whole_objects", "--nocapture"])
            .env(ROOT, home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // What it says it has put is there from then on.
        let puts = lines.filter_map(|line| line.strip_prefix("put ")?.parse::<usize>().ok());
        let acknowledged = puts.take(1 + 3 * round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let (object, body) = runtime.block_on(open(home.path()).get(KEY, 1 << 20)).unwrap();
        let number: usize = object.metadata["number"].parse().unwrap();
        let (wanted, about) = version(number);
        assert!(number >= acknowledged, "round {round}: {number} is older than {acknowledged}");
        assert_eq!(object.content_type, about.content_type);
        assert_eq!(body, wanted);
    }
    let missing = runtime.block_on(open(home.path()).get("stamped/a", 1));
    assert!(matches!(missing, Err(Fault::Missing(_))));
}

fn put_until_killed(root: &Path) -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = open(root);
    for number in 0.. {
        let (body, about) = version(number);
        runtime.block_on(store.put(KEY, body, &about)).unwrap();
        println!("\nput {number}");
    }
    unreachable!("numbers do not end")
}
