//! What answers say to browsers, as a passive scanner would look at them: each route of the document, the site, and
//! what was uploaded.

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Client, http, variant};
use crate::places::{Service, free_port};

/// What is amiss with an answer's headers.
fn amiss(headers: &HeaderMap, has_body: bool) -> Vec<String> {
    let one =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut amiss = Vec::new();
    let mut expect = |good: bool, name: &str| {
        if !good {
            amiss.push(format!("{name}: {}", one(name)));
        }
    };
    let policy = one("content-security-policy");
    let is_html = one("content-type").starts_with("text/html");
    expect(one("x-content-type-options") == "nosniff", "x-content-type-options");
    expect(policy.contains("default-src 'none'") && !policy.contains('*'), "content-security-policy");
    expect(
        !policy.contains("script-src 'unsafe") && !policy.contains("unsafe-eval"),
        "content-security-policy",
    );
    let framed = policy.contains("frame-ancestors 'none'") || policy.starts_with("sandbox;");
    expect(framed && (!is_html || policy.contains("base-uri 'none'")), "content-security-policy");
    let kept = one("cache-control");
    expect(!kept.is_empty() && (!kept.contains("public") || kept.contains("immutable")), "cache-control");
    expect(!has_body || !one("content-type").is_empty(), "content-type");
    expect(
        !one("content-type").starts_with("text/html") || one("content-type").contains("charset"),
        "content-type",
    );
    for told in ["server", "x-powered-by", "x-aspnet-version", "via"] {
        expect(one(told).is_empty(), told);
    }
    for cookie in headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        let is_kept = ["HttpOnly", "SameSite=Lax", "Path=/"].iter().all(|flag| cookie.contains(flag));
        expect(is_kept && !cookie.contains("Domain="), "set-cookie");
    }
    amiss
}

async fn look(what: &str, answer: Response, all: &mut usize) -> HeaderMap {
    let headers = answer.headers().clone();
    let has_body = !answer.bytes().await.unwrap().is_empty();
    let amiss = amiss(&headers, has_body);
    assert!(amiss.is_empty(), "{what}: {amiss:?}");
    *all += 1;
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_browsers_may_do_with_it() {
    let data = tempfile::tempdir().unwrap();
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("index.html"), "<!doctype html><meta charset=utf-8>").unwrap();
    std::fs::write(site.path().join("icon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    std::fs::create_dir(site.path().join("assets")).unwrap();
    std::fs::write(site.path().join("assets/a.js"), "1").unwrap();
    let settings = [("STAMPEDE_SITE".to_owned(), site.path().to_str().unwrap().to_owned())];
    let service = Service::start(data.path(), free_port(), &settings);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let job = job["id"].as_str().unwrap().to_owned();
    client.finished(&job).await;

    let mut looked = 0;
    for page in ["/", "/icon.svg", "/assets/a.js", "/docs", "/openapi.json", "/metrics", "/nowhere", "/.env"]
    {
        let answer = http().get(format!("{}{page}", service.url)).send().await.unwrap();
        let headers = look(page, answer, &mut looked).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{page}");
    }
    let document = client.get("/openapi.json").await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let id = if path.starts_with("/pictures") { &ids[0] } else { &job };
        let path = path.replace("{id}", id).replace("{number}", "0");
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            // As its owner, as nobody, and from another site's page.
            let body = (method != Method::GET).then(|| json!({}));
            look(&path, client.call(method.clone(), &path, body).await, &mut looked).await;
            let nobody = http().request(method.clone(), format!("{}{path}", service.url));
            let nobody = nobody.header("origin", "https://evil.example").send().await.unwrap();
            let headers = look(&path, nobody, &mut looked).await;
            let cross = headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(cross, None, "{path} is open to other sites");
            let asked = http().request(Method::OPTIONS, format!("{}{path}", service.url));
            let asked = asked
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST");
            let headers = look(&path, asked.send().await.unwrap(), &mut looked).await;
            assert!(!headers.contains_key("access-control-allow-origin"), "{path} is open to other sites");
        }
    }
    assert!(looked > 60, "{looked} answers");
    let download = client.call(Method::GET, &format!("/jobs/{job}/items/0/download"), None).await;
    let place = download.headers()["location"].to_str().unwrap().to_owned();
    let headers = look("a result", http().get(place).send().await.unwrap(), &mut looked).await;
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_the_cookie_and_the_browser_stay_there() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("STAMPEDE_PUBLIC_URL".to_owned(), "https://stamp.example".to_owned())];
    let service = Service::start(data.path(), free_port(), &settings);
    let begun = http().post(format!("{}/sessions", service.url)).send().await.unwrap();
    assert!(begun.headers()["set-cookie"].to_str().unwrap().contains("; Secure"));
    assert!(begun.headers()["strict-transport-security"].to_str().unwrap().contains("max-age="));
}

/// Where something leads decides the configuration, never who asks.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_repeats_the_host_that_was_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let job = job["id"].as_str().unwrap().to_owned();
    client.finished(&job).await;
    let announced = json!({ "pictures": [{ "name": "a.jpg", "bytes": 9, "type": "image/jpeg" }] });
    for (method, path, body) in [
        (Method::POST, "/sessions".to_owned(), Value::Null),
        (Method::GET, "/me".to_owned(), Value::Null),
        (Method::GET, "/docs".to_owned(), Value::Null),
        (Method::GET, "/".to_owned(), Value::Null),
        (Method::GET, "/nowhere".to_owned(), Value::Null),
        (Method::POST, "/pictures".to_owned(), announced),
        (Method::GET, format!("/jobs/{job}/items/0/download"), Value::Null),
        (Method::GET, "/stamps/built-in:logo/image".to_owned(), Value::Null),
    ] {
        let call = http().request(method, format!("{}{path}", service.url)).bearer_auth(client.token());
        let call = call.header("host", "evil.example").header("x-forwarded-host", "evil.example");
        let call = call.header("forwarded", "host=evil.example").header("x-forwarded-proto", "https");
        let call = if body.is_null() { call } else { call.json(&body) };
        let answer = call.send().await.unwrap();
        let headers = format!("{:?}", answer.headers());
        let said = answer.text().await.unwrap();
        assert!(
            !headers.contains("evil.example") && !said.contains("evil.example"),
            "{path}: {headers} {said}"
        );
    }
}
