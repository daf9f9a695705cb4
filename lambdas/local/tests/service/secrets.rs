//! What nobody may read is in no log, whatever goes wrong and however much is logged.

use reqwest::Method;
use serde_json::{Value, json};
use stampede_emulators::{Ministack, Postgres};

use crate::client::{Client, http, variant};
use crate::flaky::Flaky;
use crate::places::{Service, as_lambdas, free_port, new_token, settings};

const SIGNING: &str = "signing-4f0c9b7e2d-signing-4f0c9b7e2d";
const PUSHER: &str = "pusher71c3d05aa9";
const AWS: &str = "aws2b8e64f19c7d";
const DATABASE: &str = "database95e0b3a6f2";
/// Nobody has this one.
const UNKNOWN: &str = "stampede_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

/// Something that the log may not hold, and what it is.
type Hidden = Vec<(&'static str, String)>;

fn set(settings: &mut Vec<(String, String)>, name: &str, value: &str) {
    settings.push((name.to_owned(), value.to_owned()));
}

/// Uses a service well and badly; what became known on the way.
async fn use_it(client: &Client, url: &str, token: &str) -> Hidden {
    let picture = std::fs::read(variant("baseline-420.jpg")).unwrap();
    let named = json!({ "pictures": [{ "name": "a.jpg", "bytes": picture.len(), "type": "image/jpeg" }] });
    let (_, allowed) = client.post("/pictures", named).await;
    let form = &allowed["pictures"][0]["upload"];
    let fields = form["fields"].as_array().unwrap();
    let signature = fields.iter().find(|field| field[0].as_str().unwrap().ends_with("signature")).unwrap();
    let signature = signature[1].as_str().unwrap().to_owned();

    let wrong = form.to_string().replace(&signature, &signature.chars().rev().collect::<String>());
    let wrong: Value = serde_json::from_str(&wrong).unwrap();
    client.try_to_send(&wrong, picture.clone()).await;
    for wrong in [UNKNOWN, &client.token()[1..], "stampede_"] {
        let call = http().get(format!("{url}/jobs")).bearer_auth(wrong);
        assert_eq!(call.send().await.unwrap().status(), 401);
    }
    assert_eq!(http().get(format!("{url}/jobs")).bearer_auth(token).send().await.unwrap().status(), 200);

    client.send(form, picture).await;
    let id = allowed["pictures"][0]["id"].as_str().unwrap();
    client.post("/pictures/confirm", json!({ "ids": [id] })).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": [id], "stamp": "built-in:logo" })).await;
    let job = job["id"].as_str().unwrap().to_owned();
    client.finished(&job).await;
    let download = client.call(Method::GET, &format!("/jobs/{job}/items/0/download"), None).await;
    let place = download.headers()["location"].to_str().unwrap().to_owned();
    for place in [place.clone(), format!("{place}0")] {
        // An emulator knows no secret of ours, and may refuse what is signed with it.
        http().get(place).send().await.unwrap();
    }
    let lower = place.to_ascii_lowercase();
    let read = place[lower.rfind("signature=").unwrap() + "signature=".len()..]
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    vec![
        ("the key that signs", SIGNING.to_owned()),
        ("a session", client.token().to_owned()),
        ("an API token", token.to_owned()),
        ("an unknown API token", UNKNOWN.to_owned()),
        ("an upload's signature", signature),
        ("a download's signature", read),
    ]
}

fn look(log: &str, levels: &[&str], hidden: &Hidden) {
    for level in levels {
        assert!(log.contains(&format!("\"level\":\"{level}\"")), "nothing is logged as {level}");
    }
    for (what, hidden) in hidden {
        let line = log.lines().find(|line| line.contains(hidden));
        assert!(line.is_none(), "{what} is in the log: {}", line.unwrap_or_default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_embedded_parts_has_no_secrets() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let mut settings = Vec::new();
    set(&mut settings, "STAMPEDE_LOG", "trace");
    set(&mut settings, "STAMPEDE_SECRET", SIGNING);
    let service = Service::start_with_log(data.path(), free_port(), &settings, &log);
    let client = Client::new(&service.url).await;
    let token = new_token(data.path(), &settings);
    let hidden = use_it(&client, &service.url, &token).await;
    // A store that is broken.
    let pictures = client.get("/pictures").await;
    let (id, owner) =
        (pictures["uploads"][0]["id"].as_str().unwrap(), client.get("/me").await["owner"].clone());
    let originals = data.path().join("store/objects/originals").join(owner.as_str().unwrap());
    for original in std::fs::read_dir(originals).unwrap() {
        std::fs::write(original.unwrap().path(), "x").unwrap();
    }
    let broken = client.call(Method::GET, &format!("/pictures/{id}/thumbnail"), None).await;
    assert_eq!(broken.status(), 500);
    look(&std::fs::read_to_string(log).unwrap(), &["TRACE", "DEBUG", "ERROR"], &hidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_real_parts_has_no_secrets() {
    let (postgres, ministack) =
        (Postgres::start_with_password(DATABASE).unwrap(), Ministack::start().unwrap());
    let flaky = Flaky::start(&ministack.endpoint).await;
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let mut settings = settings(&postgres, &ministack).await;
    set(&mut settings, "STAMPEDE_LOG", "trace");
    set(&mut settings, "STAMPEDE_SECRET", SIGNING);
    // Nobody listens there.
    set(&mut settings, "STAMPEDE_PUSHER", &format!("1:key:{PUSHER}@http://127.0.0.1:9"));
    set(&mut settings, "AWS_SECRET_ACCESS_KEY", AWS);
    set(&mut settings, "AWS_ENDPOINT_URL_S3", &flaky.url);
    let service = Service::start_with_log(data.path(), free_port(), &settings, &log);
    let client = Client::new(&service.url).await;
    let token = new_token(data.path(), &settings);
    let mut hidden = use_it(&client, &service.url, &token).await;
    flaky.fail(true);
    for _ in 0..4 {
        http().get(format!("{}/ready", service.url)).send().await.unwrap();
    }
    drop((postgres, ministack));
    let ready = http().get(format!("{}/ready", service.url)).send().await.unwrap();
    assert!(ready.status().is_server_error());
    let jobs = client.call(Method::GET, "/jobs", None).await;
    assert!(jobs.status().is_server_error());
    for (what, secret) in
        [("the database's password", DATABASE), ("Pusher's secret", PUSHER), ("AWS's secret", AWS)]
    {
        hidden.push((what, secret.to_owned()));
    }
    look(&std::fs::read_to_string(log).unwrap(), &["TRACE", "DEBUG", "ERROR"], &hidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_of_lambdas_have_no_secrets() {
    let pusher = format!("1:key:{PUSHER}@http://127.0.0.1:9");
    let more = [
        ("STAMPEDE_LOG", "trace"),
        ("STAMPEDE_SECRET", SIGNING),
        ("STAMPEDE_PUSHER", &pusher),
        ("AWS_SECRET_ACCESS_KEY", AWS),
    ];
    let postgres = Postgres::start_with_password(DATABASE).unwrap();
    let Some(home) = as_lambdas(postgres, &more).await else { return };
    let client = Client::new(&home.url).await;
    let session = client.token().to_owned();
    let mut hidden = use_it(&client, &home.url, &session).await;
    let (_, ministack) = home.servers.as_ref().unwrap();
    ministack.invoke("sweeper", &json!({})).await.unwrap();
    for (what, secret) in
        [("the database's password", DATABASE), ("Pusher's secret", PUSHER), ("AWS's secret", AWS)]
    {
        hidden.push((what, secret.to_owned()));
    }
    for (function, levels) in
        [("middleware", &["DEBUG", "WARN"][..]), ("stamper", &["DEBUG"]), ("sweeper", &["DEBUG"])]
    {
        look(&ministack.log(function).await.unwrap(), levels, &hidden);
    }
}
