//! Processes of the service, and what they stand on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use stampede_emulators::{Ministack, Postgres};
use tempfile::TempDir;

/// A running service; it is killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    /// Starts it on a port with more settings, and waits until it answers.
    pub(crate) fn start(data: &Path, port: u16, settings: &[(String, String)]) -> Self {
        Self::start_to(data, port, settings, Stdio::inherit())
    }

    /// The same, with its log in a file.
    pub(crate) fn start_with_log(data: &Path, port: u16, settings: &[(String, String)], log: &Path) -> Self {
        Self::start_to(data, port, settings, std::fs::File::create(log).unwrap().into())
    }

    fn start_to(data: &Path, port: u16, settings: &[(String, String)], log: Stdio) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stampede"));
        command.arg("--data").arg(data).arg("--address").arg(format!("127.0.0.1:{port}"));
        command.env("STAMPEDE_LOG", "warn").env("STAMPEDE_RATE", "100000");
        command.envs(settings.iter().cloned()).stdout(Stdio::null()).stderr(log);
        let mut service = Self { child: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = service.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "it did not start: {ended:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        service
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As an operator stops it: it ends by itself.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    /// As the system kills what takes too much memory: nothing is finished.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the program's, as an operator does beside the service.
pub(crate) fn run(data: &Path, arguments: &[&str], settings: &[(String, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stampede"));
    command.arg("--data").arg(data).args(arguments).envs(settings.iter().cloned()).output().unwrap()
}

/// An API token of somebody new's.
pub(crate) fn new_token(data: &Path, settings: &[(String, String)]) -> String {
    let made = run(data, &["add-token", "test"], settings);
    assert!(made.status.success());
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The service somewhere, and what it stands on, which ends with it.
pub(crate) struct Home {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    _service: Option<Service>,
    _data: TempDir,
    pub(crate) servers: Option<(Postgres, Ministack)>,
}

/// On embedded parts, on real ones, and as Lambdas.
pub(crate) async fn homes() -> Vec<Home> {
    let mut homes = vec![embedded(), on_real_parts().await];
    homes.extend(as_lambdas(Postgres::start().unwrap(), &[]).await);
    homes
}

fn embedded() -> Home {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let url = service.url.clone();
    Home { name: "embedded", url, _service: Some(service), _data: data, servers: None }
}

async fn on_real_parts() -> Home {
    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let settings = settings(&postgres, &ministack).await;
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &settings);
    let (url, servers) = (service.url.clone(), Some((postgres, ministack)));
    Home { name: "PostgreSQL, S3, SQS", url, _service: Some(service), _data: data, servers }
}

/// An HTTP API hands requests to the middleware, SQS hands messages to the stamper, which calls the API back.
/// With more settings than they need.
pub(crate) async fn as_lambdas(postgres: Postgres, more: &[(&str, &str)]) -> Option<Home> {
    let packed = tempfile::tempdir().unwrap();
    let [sweeper, middleware, stamper] = packages(["sweeper", "middleware", "stamper"], packed.path())?;
    let ministack = Ministack::start().unwrap();
    let mut settings = settings(&postgres, &ministack).await;
    let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
    set("STAMPEDE_SECRET", &"s".repeat(64));
    set("STAMPEDE_RATE", "100000");
    set("STAMPEDE_INSECURE_COOKIE", "1");
    // Nobody listens: who asks finds all that happened.
    set("STAMPEDE_PUSHER", "1:key:secret@http://127.0.0.1:9");
    // A later one of the same name is what counts.
    more.iter().for_each(|(name, value)| set(name, value));
    ministack.function("sweeper", &sweeper, &settings).await.unwrap();
    ministack.invoke("sweeper", &serde_json::json!({ "do": "migrate" })).await.unwrap();
    ministack.function("middleware", &middleware, &settings).await.unwrap();
    let url = ministack.http_api("middleware").await.unwrap();
    settings.push(("STAMPEDE_CALLBACK".to_owned(), format!("{url}/callback")));
    ministack.function("stamper", &stamper, &settings).await.unwrap();
    ministack.feed("stamper", "tasks").await.unwrap();
    let (data, servers) = (tempfile::tempdir().unwrap(), Some((postgres, ministack)));
    Some(Home { name: "Lambdas", url, _service: None, _data: data, servers })
}

/// Lambdas' ZIPs, in the order of their names; `None` where they are not built.
pub(crate) fn packages<const COUNT: usize>(names: [&str; COUNT], into: &Path) -> Option<[PathBuf; COUNT]> {
    let packed = names.map(|name| package(name, into));
    if packed.iter().any(Option::is_none) {
        assert!(std::env::var_os("STAMPEDE_REQUIRE_S3").is_none(), "the Lambdas are not built");
        eprintln!("the Lambdas are not tested: run `cargo test --workspace`, which builds them");
        return None;
    }
    Some(packed.map(Option::unwrap))
}

/// A Lambda's ZIP: the very one that `make package` makes for AWS where `STAMPEDE_PACKAGE` says so, or else
/// one of the binary beside the tests.
fn package(name: &str, into: &Path) -> Option<PathBuf> {
    if std::env::var_os("STAMPEDE_PACKAGE").is_some() {
        let made = format!("../../target/package/{name}/bootstrap.zip");
        return Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(made));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_stampede")).with_file_name(name);
    let bare = into.join(name);
    // What a debugger needs is most of it.
    if !program.exists() || !Command::new("strip").arg("-o").args([&bare, &program]).status().ok()?.success()
    {
        return None;
    }
    let file = into.join(format!("{name}.zip"));
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("bootstrap", stored.unix_permissions(0o755)).unwrap();
    std::io::copy(&mut std::fs::File::open(bare).unwrap(), &mut zip).unwrap();
    zip.finish().unwrap();
    Some(file)
}

/// A database, buckets and queues, as the service is told of them.
pub(crate) async fn settings(postgres: &Postgres, ministack: &Ministack) -> Vec<(String, String)> {
    let (queue, dead) = ministack.queue("tasks", 5).await.unwrap();
    for bucket in ["originals", "stamps", "stamped"] {
        ministack.bucket(bucket).await.unwrap();
    }
    let settings = [
        ("STAMPEDE_DATABASE", &*postgres.url),
        ("STAMPEDE_BUCKETS", "originals,stamps,stamped"),
        ("STAMPEDE_QUEUE", &queue),
        ("STAMPEDE_DEAD_LETTERS", &dead),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.into_iter().chain(ministack.variables()).collect()
}
