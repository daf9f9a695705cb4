//! Who comes with a token, a signature or a name that is not what it should be.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stampede_domain::callback::{Callback, Report};
use stampede_domain::id::OwnerId;
use stampede_domain::item::Event;
use stampede_domain::signature::Secret;
use stampede_domain::token::Session;

use crate::client::{Client, http, variant};
use crate::places::{Service, free_port};

const SECRET: &str = "a secret that is long enough for all";

fn service(data: &std::path::Path, more: &[(&str, &str)]) -> Service {
    let settings = [("STAMPEDE_SECRET", SECRET)].iter().chain(more);
    let settings: Vec<_> = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Service::start(data, free_port(), &settings)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Each route of the document that asks who one is, with identifiers that are well formed.
async fn routes(client: &Client) -> Vec<(Method, String)> {
    let document = client.get("/openapi.json").await;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if ["/health", "/ready", "/sessions", "/callback"].contains(&path.as_str()) {
            continue;
        }
        let path = path.replace("{id}", &"0".repeat(32)).replace("{number}", "0");
        let methods = operations.as_object().unwrap().keys();
        routes.extend(methods.map(|method| (method.to_uppercase().parse().unwrap(), path.clone())));
    }
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_takes_a_token_that_is_not_whole_ours_and_valid() {
    let data = tempfile::tempdir().unwrap();
    let service = service(data.path(), &[]);
    let client = Client::new(&service.url).await;
    let good = client.token().to_owned();
    let (secret, other) =
        (Secret::new(SECRET).unwrap(), Secret::new("another one of the same length ....").unwrap());
    let owner = OwnerId::random().unwrap();
    let mut changed = good.clone().into_bytes();
    changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
    let tokens = [
        String::new(),
        "null".to_owned(),
        good[..good.len() - 2].to_owned(),
        good[..20].to_owned(),
        format!("{good}AA"),
        String::from_utf8(changed).unwrap(),
        Session { owner, expires: now() - 1 }.token(&secret),
        Session { owner, expires: now() + 3600 }.token(&other),
        format!("stampede_{}", "A".repeat(43)),
        "stampede_".to_owned(),
        "é".to_owned(),
    ];
    let routes = routes(&client).await;
    assert!(routes.len() >= 20, "{}", routes.len());
    for (method, path) in &routes {
        let url = format!("{}{path}", service.url);
        for token in &tokens {
            for (name, value) in [
                ("authorization", format!("Bearer {token}")),
                ("cookie", format!("stampede_session={token}")),
            ] {
                let call =
                    http().request(method.clone(), &url).header(name, value.as_bytes()).json(&json!({}));
                let status = call.send().await.unwrap().status();
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path} {name}: {value}");
            }
        }
        for scheme in ["Basic", "bearer:", "Token"] {
            let call =
                http().request(method.clone(), &url).header("authorization", format!("{scheme} {good}"));
            assert_eq!(
                call.json(&json!({})).send().await.unwrap().status(),
                StatusCode::UNAUTHORIZED,
                "{scheme}"
            );
        }
    }
    assert_eq!(client.call(Method::GET, "/me", None).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_changes_nothing_in_a_visitors_name() {
    let data = tempfile::tempdir().unwrap();
    let service = service(data.path(), &[]);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let call = async |method: Method, path: &str, site: Option<&str>, kind: &str, body: String| {
        let mut call = http().request(method, format!("{}{path}", service.url));
        call = call
            .header("cookie", format!("stampede_session={}", client.token()))
            .header("content-type", kind);
        if let Some(site) = site {
            call = call.header("sec-fetch-site", site);
        }
        call.body(body).send().await.unwrap().status().as_u16()
    };
    let delete = json!({ "ids": ids }).to_string();
    let json = "application/json";
    for (method, path) in routes(&client).await {
        if method == Method::GET {
            continue;
        }
        for site in ["cross-site", "same-site"] {
            let status = call(method.clone(), &path, Some(site), json, delete.clone()).await;
            assert_eq!(status, 403, "{method} {path} from {site}");
        }
    }
    // A new session's cookie would take the place of the old one, and with it all that the visitor has.
    let begin = async |site: &str, cookie: Option<&str>| {
        let mut call = http().post(format!("{}/sessions", service.url)).header("sec-fetch-site", site);
        if let Some(cookie) = cookie {
            call = call.header("cookie", format!("a=b; stampede_session={cookie}"));
        }
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("set-cookie"))
    };
    for site in ["cross-site", "same-site"] {
        // A cookie that is not sent along is replaced as well.
        assert_eq!(begin(site, Some(client.token())).await, (403, false), "{site}");
        assert_eq!(begin(site, None).await, (403, false), "{site}");
    }
    assert_eq!(begin("same-origin", Some(client.token())).await, (409, false), "it has one");
    assert_eq!(begin("same-origin", Some("expired")).await, (201, true));
    assert_eq!(begin("same-origin", None).await, (201, true));
    // What a form can send is no JSON.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"] {
        assert_eq!(call(Method::DELETE, "/pictures", None, kind, delete.clone()).await, 415, "{kind}");
    }
    let pictures = client.get("/pictures").await;
    assert_eq!(pictures["uploads"].as_array().unwrap().len(), 1, "it is still there");
    // Looking on is no change, and one's own page may do all.
    assert_eq!(call(Method::GET, "/pictures", Some("cross-site"), json, String::new()).await, 200);
    assert_eq!(call(Method::DELETE, "/pictures", Some("same-origin"), json, delete).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_back_that_is_forged_late_replayed_or_cut_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let service = service(data.path(), &[("STAMPEDE_STAMPERS", "0")]);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    let report = |attempt| Report {
        job: job["id"].as_str().unwrap().parse().unwrap(),
        item: 0,
        attempt,
        event: Event::Failed { reason: "by hand".to_owned() },
    };
    let send = async |header: &str, body: Vec<u8>| {
        let call =
            http().post(format!("{}/callback", service.url)).header("content-type", "application/json");
        call.header("stampede-signature", header).body(body).send().await.unwrap().status().as_u16()
    };
    let (ours, other) =
        (Secret::new(SECRET).unwrap(), Secret::new("another one of the same length ....").unwrap());
    let callback = Callback::new(vec![report(1)]);
    let good = callback.sign(&ours, now());
    let forged = callback.sign(&other, now());
    let failed = async || client.get(&path).await["counts"]["failed"].as_u64().unwrap();
    for (what, header, body) in [
        ("nothing", "", good.body.clone()),
        ("another secret", &*forged.header, forged.body.clone()),
        ("another body", &*good.header, Callback::new(vec![report(2)]).sign(&ours, now()).body),
        ("cut", &*good.header, good.body[..good.body.len() - 1].to_vec()),
        ("half a signature", &good.header[..good.header.len() / 2], good.body.clone()),
        ("old", &*callback.sign(&ours, now() - 301).header, good.body.clone()),
        ("of the future", &*callback.sign(&ours, now() + 400).header, good.body.clone()),
    ] {
        assert_eq!(send(header, body).await, 401, "{what}");
        assert_eq!(failed().await, 0, "{what}");
    }
    assert_eq!(send(&good.header, good.body.clone()).await, 204);
    assert_eq!(failed().await, 1);
    assert_eq!(send(&good.header, good.body).await, 409, "a replay");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lead_nowhere_and_break_no_line() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let settings = [("STAMPEDE_LOG".to_owned(), "info".to_owned())];
    let service = Service::start_with_log(data.path(), free_port(), &settings, &log);
    let client = Client::new(&service.url).await;
    let announce = async |name: &str| {
        let picture = json!({ "name": name, "bytes": 9, "type": "image/jpeg" });
        client.post("/pictures", json!({ "pictures": [picture] })).await
    };
    for name in [
        "../a.jpg",
        "/etc/passwd",
        "a\\b.jpg",
        "a\0b.jpg",
        "",
        "a\r\nset-cookie: x=1.jpg",
        "a\u{1b}[31m.jpg",
        "..",
        ".",
    ] {
        let (status, problem) = announce(name).await;
        assert_eq!(status, 422, "{name:?}: {problem}");
    }
    let odd = "é\"; filename=\"evil.exe; ' <script>%0d%0a.jpg";
    assert_eq!(announce(odd).await.0, 201);

    // In a header, in the archive and in the log it is one name.
    let ids = client.upload_as(odd, &variant("baseline-420.jpg")).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": [ids], "stamp": "built-in:logo" })).await;
    let id = job["id"].as_str().unwrap();
    client.finished(id).await;
    let download = client.call(Method::GET, &format!("/jobs/{id}/items/0/download"), None).await;
    let place = download.headers()["location"].to_str().unwrap().to_owned();
    let result = http().get(place).send().await.unwrap();
    let disposition = result.headers()["content-disposition"].to_str().unwrap();
    // One name in quotes, which hold no other quote, and the same in percents.
    assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
    assert!(disposition.starts_with("attachment; filename=\"") && !disposition.contains(['\\', '\r', '\n']));

    let call = http().get(format!("{}/jobs", service.url)).bearer_auth(client.token());
    let odd = "x\"}{\"level\":\"ERROR\",\"fields\":{\"message\":\"forged\"}}";
    call.header("x-request-id", odd).header("traceparent", "00-forged").send().await.unwrap();
    for (sent, is_kept) in [("n".repeat(128), true), ("n".repeat(129), false), ("a b".to_owned(), false)] {
        let call = http().get(format!("{}/health", service.url)).header("x-request-id", &sent);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.headers()["x-request-id"] == *sent, is_kept, "{sent}");
    }
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["fields"]["message"] == "answered"), "{log}");
    assert!(lines.iter().all(|line| line["fields"]["message"] != "forged"), "{log}");
}

/// The settings of a job that are texts, as the API describes them.
async fn texts_of_settings(client: &Client) -> Vec<String> {
    let document = client.get("/openapi.json").await;
    let settings = document["components"]["schemas"]["Settings"]["properties"].as_object().unwrap();
    let is_text =
        |kind: &Value| kind == "string" || kind.as_array().is_some_and(|of| of.contains(&json!("string")));
    let texts = settings.iter().filter(|(_, about)| is_text(&about["type"]));
    texts.map(|(name, _)| name.clone()).collect()
}

/// The only addresses that the service calls are those of its configuration: no text of a user's is taken for one.
#[tokio::test(flavor = "multi_thread")]
async fn no_address_of_a_users_is_fetched() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let bait = format!("http://{}", listener.local_addr().unwrap());
    let data = tempfile::tempdir().unwrap();
    let service = service(data.path(), &[]);
    let client = Client::new(&service.url).await;
    let svg = format!(
        "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM '{bait}/entity'>]>\
         <?xml-stylesheet href='{bait}/sheet.css'?>\
         <svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='40' height='40'>\
         <style>@import url({bait}/import.css); rect {{ fill: url({bait}/paint) }}</style>\
         <script href='{bait}/script.js'/><image href='{bait}/a.png' width='40' height='40'/>\
         <image xlink:href='file:///etc/passwd' width='9' height='9'/><use href='{bait}/b.svg#a'/>\
         <rect width='40' height='40'/><circle cx='20' cy='20' r='9' fill='red'/></svg>"
    );
    // One that asks for the entity by name is refused, as it is not known: who would know it has fetched it.
    let asking = svg.replace("<rect ", "<text>&x;</text><rect ");
    assert_eq!(client.upload_stamp("asking.svg", "image/svg+xml", asking.into_bytes()).await, None);
    let stamps = client.get("/stamps").await;
    let reason = stamps["uploads"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("unknown entity reference 'x'"), "{stamps}");
    // One that only names addresses is taken, and is drawn below without what lies there.
    let stamp = client.upload_stamp("a.svg", "image/svg+xml", svg.into_bytes()).await;
    let baited = stamp.expect("the stamp that names addresses is not taken: none is drawn");
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let texts = texts_of_settings(&client).await;
    for name in ["at", "offset", "margin", "size", "tile", "blend", "color", "text", "text-size", "format"] {
        assert!(texts.iter().any(|text| text == name), "{name} is not among {texts:?}");
    }
    let mut settings = vec![(json!({}), true)];
    for name in &texts {
        // Any text can be put on. No other setting may be anything, and those of a text mean nothing without one.
        let baited = json!({ "text": "x", (name.as_str()): format!("{bait}/{name}") });
        settings.push((baited, name == "text"));
    }
    let mut drawn = 0;
    for (settings, is_good) in settings {
        for stamp in [&*baited, &*bait, "built-in:logo"] {
            let is_stamp = stamp != bait;
            let wanted = json!({ "picture": ids[0], "stamp": stamp, "settings": settings });
            let shown = client.call(Method::POST, "/preview", Some(wanted)).await.status();
            let expected = match (is_good, is_stamp) {
                (false, _) => StatusCode::UNPROCESSABLE_ENTITY,
                (true, false) => StatusCode::NOT_FOUND,
                (true, true) => StatusCode::OK,
            };
            assert_eq!(shown, expected, "{stamp} with {settings}");
            let wanted = json!({ "pictures": ids, "stamp": stamp, "settings": settings });
            let (status, job) = client.post("/jobs", wanted).await;
            let expected = match (is_stamp, is_good) {
                (false, _) => StatusCode::NOT_FOUND,
                (true, false) => StatusCode::UNPROCESSABLE_ENTITY,
                (true, true) => StatusCode::CREATED,
            };
            assert_eq!(status, expected, "{stamp} with {settings}: {job}");
            if let Some(id) = job["id"].as_str() {
                assert_eq!(client.finished(id).await["counts"]["done"], 1, "{stamp} with {settings}");
                drawn += 1;
            }
        }
    }
    let call =
        http().post(format!("{}/sessions", service.url)).header("origin", &bait).header("referer", &bait);
    call.header("x-forwarded-for", &bait).send().await.unwrap();
    // Either stamp with nothing else, and with a text.
    assert_eq!(drawn, 4);
    let called = std::pin::pin!(listener.accept());
    assert!(futures_util::FutureExt::now_or_never(called).is_none(), "an address of a user's was called");
}
