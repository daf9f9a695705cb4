//! What a local queue has acknowledged survives its process, and any number of processes share its file.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use stampede_queue::{Depth, Local, Queue, Received};

const LONG: Duration = Duration::from_secs(60);
const WAIT: Duration = Duration::from_secs(20);
/// The queue's file, where this is run as [`child`], and what its messages begin with.
const FILE: &str = "STAMPEDE_TEST_QUEUE";
const NAME: &str = "STAMPEDE_TEST_NAME";

async fn open(path: &Path) -> Queue {
    Queue::Local(Local::open(path).await.unwrap())
}

/// A process that sends and receives until it is killed.
struct Process(Child);

impl Process {
    fn start(path: &Path, name: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored", "--nocapture"]);
        command.env(FILE, path).env(NAME, name).stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Kills it once it has said `lines` lines, and gives all that it said.
    fn kill_after(mut self, lines: usize) -> Vec<String> {
        let mut said = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut all: Vec<_> = said.by_ref().take(lines).collect();
        assert_eq!(all.len(), lines, "the process ended by itself: {all:?}");
        // SIGKILL.
        self.0.kill().unwrap();
        all.extend(said);
        self.0.wait().unwrap();
        all
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says what it does: `sent` and `deleted` once it is acknowledged, `deleting` before.
#[tokio::test]
#[ignore = "runs until it is killed; the other tests start it"]
async fn child() {
    let queue = open(Path::new(&std::env::var(FILE).unwrap())).await;
    let name = std::env::var(NAME).unwrap();
    let say = |what: &str, messages: &[String]| {
        let mut output = std::io::stdout().lock();
        messages.iter().for_each(|message| writeln!(output, "{what} {message}").unwrap());
    };
    for round in 0.. {
        let bodies: Vec<_> = (0..4).map(|n| format!("{name}-{round}-{n}")).collect();
        assert!(queue.send(&bodies).await.unwrap().iter().all(Result::is_ok));
        say("sent", &bodies);
        let received = queue.receive(3, Duration::ZERO, Duration::from_millis(50)).await.unwrap();
        let bodies: Vec<_> = received.iter().map(|message| message.body.clone()).collect();
        let receipts: Vec<_> = received.into_iter().map(|message| message.receipt).collect();
        say("deleting", &bodies);
        assert!(queue.delete(&receipts).await.unwrap().iter().all(Result::is_ok));
        // A receipt that was received again in between deletes nothing: nothing is known of those.
        say("asked", &bodies);
    }
}

/// The messages of which `what` was said.
fn said<'a>(lines: &'a [String], what: &str) -> BTreeSet<&'a str> {
    let of = |line: &'a String| line.split_once(' ').filter(|(verb, _)| *verb == what).map(|(_, body)| body);
    lines.iter().filter_map(of).collect()
}

/// Takes all there is out of a queue and its dead letters.
async fn drain(queue: &Queue) -> Vec<Received> {
    let mut all = Vec::new();
    for queue in [queue.clone(), queue.dead_letters().unwrap()] {
        while queue.depth().await.unwrap() != Depth::default() {
            let some = queue.receive(100, WAIT, LONG).await.unwrap();
            let receipts: Vec<_> = some.iter().map(|message| message.receipt.clone()).collect();
            assert!(queue.delete(&receipts).await.unwrap().iter().all(Result::is_ok));
            all.extend(some);
        }
    }
    all
}

#[tokio::test]
async fn what_was_acknowledged_survives_being_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue");
    for round in 0..4 {
        let name = format!("round{round}");
        // Twice two processes at a time, one of them killed while the other goes on.
        let processes =
            [Process::start(&path, &format!("{name}a")), Process::start(&path, &format!("{name}b"))];
        let mut lines = Vec::new();
        for (process, count) in processes.into_iter().zip([200 + 37 * round, 400]) {
            lines.extend(process.kill_after(count));
        }
        let left = drain(&open(&path).await).await;
        let left: BTreeSet<_> = left.iter().map(|message| message.body.as_str()).collect();
        let (sent, deleting) = (said(&lines, "sent"), said(&lines, "deleting"));
        let lost: Vec<_> =
            sent.iter().filter(|body| !left.contains(**body) && !deleting.contains(**body)).collect();
        assert!(!sent.is_empty() && lost.is_empty(), "{lost:?}");
        // What was sent but not yet acknowledged may be there; nothing of earlier rounds is.
        assert!(left.iter().all(|body| body.starts_with(&name)), "{left:?}");
        let deleted = said(&lines, "asked");
        assert!(deleted.iter().any(|body| !left.contains(body)), "nothing was ever deleted");
    }
}

#[tokio::test]
async fn one_handle_wakes_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue");
    let (one, other) = tokio::join!(open(&path), open(&path));
    let waiting = tokio::spawn(async move { other.receive(1, LONG, LONG).await.unwrap() });
    assert!(one.send(&["a".to_owned()]).await.unwrap()[0].is_ok());
    let received = tokio::time::timeout(WAIT, waiting).await.expect("it came long before its end").unwrap();
    assert_eq!(received[0].body, "a");
    assert_eq!(one.depth().await.unwrap(), Depth { waiting: 0, in_flight: 1 });
}

#[tokio::test]
async fn what_is_there_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue");
    let queue = open(&path).await;
    assert!(queue.send(&["a".to_owned(), "b".to_owned()]).await.unwrap().iter().all(Result::is_ok));
    let message = queue.receive(1, Duration::ZERO, LONG).await.unwrap().remove(0);
    queue.bury(&message, "bad").await.unwrap();
    drop(queue);
    let mut left = drain(&open(&path).await).await;
    left.sort_by(|a, b| a.body.cmp(&b.body));
    let left: Vec<_> =
        left.iter().map(|message| (message.body.as_str(), message.reason.as_deref())).collect();
    assert_eq!(left, [("a", Some("bad")), ("b", None)]);
}

/// Receives that wait are served in turn, one message each, and one that was given up takes none.
#[tokio::test]
async fn who_went_away_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder.path().join("queue")).await;
    let gone = tokio::time::timeout(Duration::from_millis(50), queue.receive(10, LONG, LONG)).await;
    assert!(gone.is_err());
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.receive(1, LONG, LONG).await.unwrap() })
        })
        .collect();
    let bodies: Vec<_> = (0..8).map(|n| n.to_string()).collect();
    assert!(queue.send(&bodies).await.unwrap().iter().all(Result::is_ok));
    let mut received = BTreeSet::new();
    for one in waiting {
        let messages = tokio::time::timeout(WAIT, one).await.expect("there is one for each").unwrap();
        received.extend(messages.into_iter().map(|message| message.body));
    }
    assert_eq!(received, bodies.into_iter().collect());
}
