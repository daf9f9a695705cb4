//! Reading an object of S3 over connections that break.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use stampede_store::{Buckets, S3, Store};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const BYTES: usize = 1000;
/// So many of each answer are sent, before the connection is closed.
const SENT: usize = 300;

/// Answers one request for an object, and gives the byte that was asked for first.
async fn answer(connection: TcpStream) -> usize {
    let mut connection = BufReader::new(connection);
    let (mut from, mut known) = (None, false);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = Some(range.trim_end_matches('-').parse::<usize>().unwrap());
        }
        known |= line == "if-match: \"etag\"";
        if line.is_empty() {
            break;
        }
    }
    // Only in the same content is read on.
    assert_eq!(from.is_some(), known);
    let status = if from.is_some() { "206 Partial Content" } else { "200 OK" };
    let from = from.unwrap_or(0);
    let rest: Vec<u8> = (from..BYTES).map(|at| (at % 251) as u8).collect();
    let head = format!("HTTP/1.1 {status}\r\nETag: \"etag\"\r\nContent-Length: {}\r\n\r\n", rest.len());
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&rest[..rest.len().min(SENT)]).await.unwrap();
    connection.shutdown().await.unwrap();
    from
}

#[tokio::test]
async fn objects_are_read_on_where_a_connection_broke() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut asked = Vec::new();
        while asked.last().is_none_or(|from| from + SENT < BYTES) {
            asked.push(answer(listener.accept().await.unwrap().0).await);
        }
        asked
    });
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let store = Store::S3(S3::new(&config, Buckets::one("bucket")));
    let (object, body) = store.get("a/b", 1 << 20).await.unwrap();
    assert_eq!((object.bytes, body.len()), (BYTES as u64, BYTES));
    assert!(body.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251));
    assert_eq!(server.await.unwrap(), [0, 300, 600, 900]);
}
