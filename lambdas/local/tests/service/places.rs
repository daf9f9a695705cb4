//! Processes of the service, and what they stand on.

use std::path::Path;
use std::process::{Child, Command, Stdio};
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_stampede"));
        command.arg("--data").arg(data).arg("--address").arg(format!("127.0.0.1:{port}"));
        command.env("STAMPEDE_LOG", "warn").env("STAMPEDE_RATE", "100000");
        command.envs(settings.iter().cloned()).stdout(Stdio::null());
        let mut service = Self { child: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                service.child.try_wait().unwrap().is_none() && Instant::now() < deadline,
                "it did not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        service
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

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A service and what it stands on, which ends with it.
pub(crate) struct Home {
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    _data: TempDir,
    _servers: Option<(Postgres, Ministack)>,
}

/// On embedded parts, and on real ones.
pub(crate) async fn homes() -> Vec<Home> {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let embedded = Home { name: "embedded", service, _data: data, _servers: None };

    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let dead = make_queue(&ministack.endpoint, "dead", None).await;
    let queue =
        make_queue(&ministack.endpoint, "tasks", Some("arn:aws:sqs:us-east-1:000000000000:dead")).await;
    let http = crate::client::http();
    for bucket in ["originals", "stamps", "stamped"] {
        let made = http.put(format!("{}/{bucket}", ministack.endpoint)).send().await.unwrap();
        assert!(made.status().is_success(), "{made:?}");
    }
    let settings = [
        ("STAMPEDE_DATABASE", &*postgres.url),
        ("STAMPEDE_BUCKETS", "originals,stamps,stamped"),
        ("STAMPEDE_QUEUE", &queue),
        ("STAMPEDE_DEAD_LETTERS", &dead),
        ("AWS_ENDPOINT_URL", &ministack.endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &settings);
    let real =
        Home { name: "PostgreSQL, S3, SQS", service, _data: data, _servers: Some((postgres, ministack)) };
    vec![embedded, real]
}

/// Makes a queue by SQS's query protocol; its URL.
async fn make_queue(endpoint: &str, name: &str, dead: Option<&str>) -> String {
    let mut form = format!("Action=CreateQueue&Version=2012-11-05&QueueName={name}");
    if let Some(dead) = dead {
        let policy =
            format!("%7B%22deadLetterTargetArn%22%3A%22{dead}%22%2C%22maxReceiveCount%22%3A%225%22%7D");
        form.push_str(&format!("&Attribute.1.Name=RedrivePolicy&Attribute.1.Value={policy}"));
    }
    let call = crate::client::http().post(endpoint).body(form);
    // Which service and region a call is for stands in its signature, which is not checked.
    let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, \
         SignedHeaders=host, Signature=0";
    let call =
        call.header("content-type", "application/x-www-form-urlencoded").header("authorization", credential);
    let answer = call.send().await.unwrap().text().await.unwrap();
    let url = answer.split_once("<QueueUrl>").and_then(|(_, rest)| rest.split_once("</QueueUrl>"));
    url.unwrap_or_else(|| panic!("{answer}")).0.to_owned()
}
