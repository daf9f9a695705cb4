//! Stampers as processes, and what they stand on.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::message::{Address, Message, ObjectTask, PictureObject, Task, VERSION};
use stampede_emulators::Ministack;
use stampede_queue::{Queue, Sqs};
use stampede_store::{About, Buckets, S3, Store};

pub(crate) fn fixture(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    std::fs::read(path).unwrap().into()
}

/// Killed when the test fails.
pub(crate) struct Stamper(Child);

impl Stamper {
    pub(crate) fn start(variables: &[(String, String)], log: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stamper"));
        command.arg("--poll").envs(variables.iter().cloned());
        Self(command.stdout(std::fs::File::create(log).unwrap()).stdin(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// As a container is stopped.
    pub(crate) fn stop(mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Stamper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A queue, and a bucket with `picture.jpg` and `logo.png`.
pub(crate) struct Place {
    _ministack: Ministack,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
}

impl Place {
    pub(crate) async fn with_a_picture() -> Self {
        let ministack = Ministack::start().unwrap();
        let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
        ministack.bucket("pictures").await.unwrap();
        let mut variables = ministack.variables().to_vec();
        for (name, value) in [("STAMPEDE_QUEUE", &*url), ("STAMPEDE_DEAD_LETTERS", &dead)] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        let (store, queue) = clients(&ministack, "pictures", &url, &dead);
        store.put("logo.png", fixture("stamps/logo.png"), &About::of_type("image/png")).await.unwrap();
        let picture = fixture("pictures/variants/baseline-420.jpg");
        store.put("picture.jpg", picture, &About::of_type("image/jpeg")).await.unwrap();
        Self { _ministack: ministack, variables, store, queue }
    }
}

/// Clients that find the server as the stamper's own do.
pub(crate) fn clients(ministack: &Ministack, bucket: &str, url: &str, dead: &str) -> (Store, Queue) {
    let config = ministack.sdk_config();
    let queue = Queue::Sqs(Sqs::new(&config, url, Some(dead.to_owned())));
    (Store::S3(S3::new(&config, Buckets::one(bucket))), queue)
}

/// The message that asks for the only picture of a job.
pub(crate) fn stamp_task(picture: &str, stamp: &str) -> String {
    let task = Task {
        version: VERSION,
        job: JobId::from_bytes([1; 16]),
        item: 0,
        attempt: 1,
        owner: OwnerId::from_bytes([2; 16]),
        picture: PictureObject { key: picture.to_owned(), name: "a.jpg".to_owned(), index: 1 },
        stamp: Some(stamp.to_owned()),
        settings: Default::default(),
        output: "stamped/a".to_owned(),
        request: None,
        traceparent: None,
    };
    Message::Stamp(task).to_json()
}

/// The message that asks for a picture of a bucket, for no job.
pub(crate) fn object_task(bucket: &str, picture: &str, stamp: &str, output: &str, index: u64) -> String {
    let at = |key: &str| Address { bucket: bucket.to_owned(), key: key.to_owned() };
    let task = ObjectTask {
        version: VERSION,
        picture: at(picture),
        stamp: Some(at(stamp)),
        output: at(output),
        settings: Default::default(),
        index,
        request: None,
        traceparent: None,
    };
    Message::Object(task).to_json()
}

pub(crate) async fn is_empty(queue: &Queue) -> bool {
    let depth = queue.depth().await.unwrap();
    (depth.waiting, depth.in_flight) == (0, 0)
}
