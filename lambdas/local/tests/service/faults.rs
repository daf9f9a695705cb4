//! What goes wrong around the service, and in whose hands it stays whole.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use stampede_emulators::{Ministack, Postgres};
use stampede_queue::{Queue, Sqs};

use crate::client::{Client, http, variant};
use crate::flaky::Flaky;
use crate::places::{Service, free_port, new_token, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_a_third_of_all_calls_delays_and_loses_nothing() {
    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let flaky = Flaky::start(&ministack.endpoint).await;
    let mut settings = settings(&postgres, &ministack).await;
    settings.push(("AWS_ENDPOINT_URL_S3".to_owned(), flaky.url.clone()));
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &settings);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&vec![variant("baseline-420.jpg"); 12]).await;
    flaky.fail(true);
    let (status, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    assert_eq!(status, 201, "{job}");
    let job = client.finished(job["id"].as_str().unwrap()).await;
    assert_eq!(job["counts"]["done"], 12, "{job}");
    assert!(flaky.failed() >= 8, "the store hardly failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_come_twice_and_in_any_order_are_done_once() {
    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let settings = settings(&postgres, &ministack).await;
    let data = tempfile::tempdir().unwrap();
    let idle = [settings.clone(), vec![("STAMPEDE_STAMPERS".to_owned(), "0".to_owned())]].concat();
    let service = Service::start(data.path(), free_port(), &idle);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&vec![variant("baseline-420.jpg"); 10]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let id = job["id"].as_str().unwrap();

    let queue = ministack_queue(&ministack, &settings).await;
    let mut bodies = Vec::new();
    while bodies.len() < 10 {
        let held = queue.receive(10, Duration::from_secs(5), Duration::from_secs(600)).await.unwrap();
        let receipts: Vec<_> = held.iter().map(|message| message.receipt.clone()).collect();
        queue.delete(&receipts).await.unwrap();
        bodies.extend(held.into_iter().map(|message| message.body));
    }
    let reversed: Vec<_> = bodies.iter().rev().chain(&bodies).cloned().collect();
    assert!(queue.send(&reversed).await.unwrap().iter().all(Result::is_ok));

    let more = tempfile::tempdir().unwrap();
    let _other = Service::start(more.path(), free_port(), &settings);
    let job = client.finished(id).await;
    assert_eq!(job["counts"]["done"], 10, "{job}");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let depth = queue.depth().await.unwrap();
        if (depth.waiting, depth.in_flight) == (0, 0) {
            break;
        }
        assert!(Instant::now() < deadline, "{depth:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let missed = client.get("/events?since=0").await;
    let changes = missed["changes"].as_array().unwrap().iter();
    let done = changes.flat_map(|change| change["items"].as_array().unwrap());
    assert_eq!(done.filter(|item| item["state"] == "done").count(), 10, "each is told of once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_finishes_what_is_in_hand_and_keeps_the_rest() {
    const PICTURES: u64 = 100;
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&vec![variant("baseline-420.jpg"); PICTURES as usize]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    while client.get(&path).await["counts"]["done"] == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    service.stop();
    // Another looks on, and stamps nothing.
    let idle = [("STAMPEDE_STAMPERS".to_owned(), "0".to_owned())];
    let service = Service::start(data.path(), free_port(), &idle);
    let client = client.at(&service.url);
    let counts = client.get(&path).await["counts"].clone();
    let count = |state: &str| counts[state].as_u64().unwrap();
    assert_eq!((count("processing"), count("failed")), (0, 0), "{counts}");
    assert!(count("queued") > 0 && count("queued") + count("done") == PICTURES, "{counts}");
    service.stop();
    let service = Service::start(data.path(), free_port(), &[]);
    let job = client.at(&service.url).finished(job["id"].as_str().unwrap()).await;
    assert_eq!(job["counts"]["done"], PICTURES, "{job}");
}

async fn ministack_queue(ministack: &Ministack, settings: &[(String, String)]) -> Queue {
    let url = settings.iter().find(|(name, _)| name == "STAMPEDE_QUEUE").unwrap();
    let config = ministack.sdk_config();
    Queue::Sqs(Sqs::new(&config, &*url.1, None))
}

/// What the service says on a socket until it closes it, or nothing for so long.
fn heard(mut socket: TcpStream, patience: Duration) -> Option<String> {
    socket.set_read_timeout(Some(patience)).unwrap();
    let mut said = String::new();
    socket.read_to_string(&mut said).ok().map(|_| said)
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_given_up_and_keep_nobody_waiting() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let address = service.url.strip_prefix("http://").unwrap().to_owned();
    let begin = |text: &str| {
        let mut socket = TcpStream::connect(&address).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
        socket
    };
    let headers: Vec<_> = (0..200).map(|_| begin("GET /health HTTP/1.1\r\nHost: x\r\n")).collect();
    let client = Client::new(&service.url).await;
    let token = format!("Authorization: Bearer {}", client.token());
    let body = begin(&format!(
        "POST /jobs HTTP/1.1\r\nHost: x\r\n{token}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{{"
    ));
    let picture = json!({ "pictures": [{ "name": "a.jpg", "bytes": 900, "type": "image/jpeg" }] });
    let (_, allowed) = client.post("/pictures", picture).await;
    let mut form = String::new();
    for field in allowed["pictures"][0]["upload"]["fields"].as_array().unwrap() {
        let (name, value) = (field[0].as_str().unwrap(), field[1].as_str().unwrap());
        form += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx";
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000";
    // They stop before any field, behind the fields, and within the file.
    let uploads = ["--b\r\n".to_owned(), form.clone(), format!("{form}{file}")];
    let uploads =
        uploads.map(|sent| begin(&format!("POST /store HTTP/1.1\r\nHost: x\r\n{multipart}\r\n\r\n{sent}")));
    let message = begin("POST /apps/stampede/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{");
    // Beside all of them, others are served.
    assert_eq!(http().get(format!("{}/health", service.url)).send().await.unwrap().status(), 200);
    let given_up = tokio::task::spawn_blocking(move || {
        let all = headers.into_iter().all(|socket| heard(socket, Duration::from_secs(20)).is_some());
        let body = heard(body, Duration::from_secs(40));
        let others = uploads.into_iter().chain([message]);
        (all, body, others.map(|socket| heard(socket, Duration::from_secs(60))).collect::<Vec<_>>())
    });
    let (headers, body, others) = given_up.await.unwrap();
    assert!(headers, "headers that never end are waited for");
    let body = body.expect("a body that never ends is waited for");
    assert!(body.starts_with("HTTP/1.1 504") && body.contains("application/problem+json"), "{body}");
    for other in others {
        let other = other.expect("an upload or a message that never ends is waited for");
        assert!(other.starts_with("HTTP/1.1 408"), "{other}");
    }
    assert_eq!(std::fs::read_dir(data.path().join("store/unfinished")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_long_and_owners_that_are_too_quick_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[("STAMPEDE_RATE".to_owned(), "2".to_owned())]);
    let client = Client::new(&service.url).await;
    let long = json!({ "pictures": [], "stamp": "x".repeat(3 << 20) });
    for _ in 0..4 {
        // The connection is kept, or said to be closed: the next one finds it either way.
        let refused = client.call(Method::POST, "/jobs", Some(long.clone())).await;
        assert_eq!(refused.status(), 413);
        let problem: Value = refused.json().await.unwrap();
        assert!(problem["type"].is_string() && problem["detail"].is_string(), "{problem}");
    }
    let lost = client.call(Method::GET, "/nowhere", None).await;
    assert_eq!(
        (lost.status().as_u16(), &lost.headers()["content-type"]),
        (404, &"application/problem+json".parse().unwrap())
    );

    let other = Client::new(&service.url).await;
    let mut refused = None;
    for _ in 0..40 {
        let answer = client.call(Method::GET, "/jobs", None).await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("nobody slows an owner down");
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    assert_eq!(other.call(Method::GET, "/jobs", None).await.status(), 200, "others are not slowed down");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_slowed_down_by_their_address_and_nobody_else_is() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[("STAMPEDE_RATE".to_owned(), "3".to_owned())]);
    let client = Client::new(&service.url).await;
    let known = new_token(data.path(), &[]);
    let asked = async |token: &str| {
        let call = http().get(format!("{}/jobs", service.url)).bearer_auth(token);
        call.send().await.unwrap()
    };
    assert_eq!(asked(&known).await.status(), 200);
    let mut refused = None;
    for number in 0..60 {
        // What a client says of itself counts for nothing.
        let call = http().post(format!("{}/sessions", service.url));
        let answer = call.header("x-forwarded-for", format!("192.0.2.{number}")).send().await.unwrap();
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status(), 201);
    }
    let refused = refused.expect("anybody becomes any number of owners");
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    for unknown in ["forged", &*format!("stampede_{}", "A".repeat(43))] {
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(asked(unknown).await.status().as_u16());
        }
        assert!(statuses.contains(&429), "{unknown}: {statuses:?}");
    }
    assert_eq!(asked(&known).await.status(), 200, "a token that was good is");
    assert_eq!(client.call(Method::GET, "/jobs", None).await.status(), 200, "so is a session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_found_in_the_stampers_log_and_no_secret_is() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let secret = "secret-".repeat(10);
    let settings = [("STAMPEDE_LOG", "info"), ("STAMPEDE_SECRET", &secret)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let service = Service::start_with_log(data.path(), free_port(), &settings, &log);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let wanted = json!({ "pictures": ids, "stamp": "built-in:logo" });
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let call = http().post(format!("{}/jobs", service.url)).bearer_auth(client.token()).json(&wanted);
    let call = call
        .header("x-request-id", "the-one")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    let job: Value = call.send().await.unwrap().json().await.unwrap();
    client.finished(job["id"].as_str().unwrap()).await;
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said = |message: &str, span: &str| {
        lines.iter().any(|line| {
            let own = &line["span"];
            line["fields"]["message"] == message
                && (&own["name"], &own["trace"]) == (&json!(span), &json!(trace))
        })
    };
    assert!(said("answered", "request") && said("stamped", "message"), "{log}");
    let stamped = lines.iter().find(|line| line["fields"]["message"] == "stamped").unwrap();
    assert_eq!(stamped["span"]["request"], "the-one");
    assert!(!log.contains(&secret) && !log.contains(client.token()), "a secret is in the log");
}
