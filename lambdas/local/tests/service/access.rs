//! Who is let where: nobody to what is another's, by any route that there is.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stampede_domain::signature::Secret;
use stampede_domain::upload::Policy;

use crate::client::{Client, http, variant};
use crate::places::{Service, free_port, homes};

/// Routes that are everybody's, or that only ever speak of who asks.
const OPEN: [&str; 13] = [
    "POST /sessions",
    "GET /me",
    "GET /health",
    "GET /ready",
    "GET /events",
    "GET /jobs",
    "GET /pictures",
    "GET /stamps",
    "POST /pictures",
    "POST /stamps",
    // Signed by a stamper.
    "POST /callback",
    // These say how many of one's own changed.
    "DELETE /pictures",
    "POST /pictures/restore",
];

/// Of all that one owner may have.
struct Belongings {
    picture: String,
    stamp: String,
    job: String,
    channel: String,
}

impl Belongings {
    async fn of(owner: &Client) -> Self {
        let ids = owner.upload(&[variant("baseline-420.jpg")]).await;
        // It can be used: nobody is refused it for its own sake.
        let stamp = std::fs::read(variant("png8-rgba.png")).unwrap();
        let stamp = owner.upload_stamp("a.png", "image/png", stamp).await.expect("the stamp is not taken");
        let (_, job) = owner.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
        let job = job["id"].as_str().unwrap().to_owned();
        owner.finished(&job).await;
        assert_eq!(owner.post(&format!("/jobs/{job}/zip"), json!({})).await.0, 202);
        let channel = owner.get("/me").await["live"]["channel"].as_str().unwrap().to_owned();
        Self { picture: ids[0].clone(), stamp, job, channel }
    }

    /// Requests for them by a route, by somebody who has a picture of their own besides.
    fn requests(&self, route: &str, own: &str) -> Vec<(String, Option<Value>)> {
        let Self { picture, stamp, job, .. } = self;
        let (_, path) = route.split_once(' ').unwrap();
        let path = path.replace("{number}", "0");
        let id = match path.split('/').nth(1) {
            Some("stamps") => stamp,
            Some("pictures") => picture,
            _ => job,
        };
        let path = path.replace("{id}", id);
        let bodies = match route {
            "POST /pictures/confirm" => vec![json!({ "ids": [picture] })],
            "POST /preview" => vec![
                json!({ "picture": picture, "stamp": "built-in:logo" }),
                json!({ "picture": own, "stamp": stamp }),
            ],
            "POST /jobs" => vec![
                json!({ "pictures": [picture], "stamp": "built-in:logo" }),
                json!({ "pictures": [own, picture], "stamp": "built-in:logo" }),
                json!({ "pictures": [own], "stamp": stamp }),
            ],
            _ => return vec![(path, None)],
        };
        bodies.into_iter().map(|body| (path.clone(), Some(body))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_of_the_document_leads_to_what_is_anothers() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let (owner, other) = (Client::new(&service.url).await, Client::new(&service.url).await);
    let belongings = Belongings::of(&owner).await;
    let own = other.upload(&[variant("baseline-420.jpg")]).await.remove(0);
    let document = owner.get("/openapi.json").await;
    let mut tried = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let route = format!("{} {path}", method.to_uppercase());
            if OPEN.contains(&&*route) || route == "POST /live/auth" {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            for (path, body) in belongings.requests(&route, &own) {
                let answer = other.call(method.clone(), &path, body.clone()).await;
                assert_eq!(answer.status(), 404, "{route} {body:?}: {:?}", answer.text().await);
                let nobody = http().request(method.clone(), format!("{}{path}", service.url));
                let nobody = nobody.json(&body.clone().unwrap_or_default()).send().await.unwrap();
                assert_eq!(nobody.status(), 401, "{route} {body:?}");
            }
            tried.push((method, route));
        }
    }
    // All that was refused is there, and is its owner's: to be had, and at last to be deleted.
    tried.sort_by_key(|(method, _)| *method == Method::DELETE);
    let mut had = 0;
    for (method, route) in tried {
        for (path, body) in belongings.requests(&route, &belongings.picture) {
            let answer = owner.call(method.clone(), &path, body.clone()).await;
            let status = answer.status();
            // A ZIP may not be ready yet.
            let is_had = status.is_success() || status.is_redirection() || status == StatusCode::CONFLICT;
            assert!(is_had, "{route} {body:?}: {status} {:?}", answer.text().await);
            had += 1;
        }
    }
    assert!(had >= 18, "{had} requests");

    let delete = other.call(Method::DELETE, "/pictures", Some(json!({ "ids": [belongings.picture] }))).await;
    assert_eq!(delete.json::<Value>().await.unwrap()["changed"], 0);
    let delete = owner.call(Method::DELETE, "/pictures", Some(json!({ "ids": [belongings.picture] }))).await;
    assert_eq!(delete.json::<Value>().await.unwrap()["changed"], 1);
    let (_, restored) = other.post("/pictures/restore", json!({ "ids": [belongings.picture] })).await;
    assert_eq!(restored["changed"], 0);

    let listen = async |client: &Client| {
        let wish = [("socket_id", "1.1"), ("channel_name", &*belongings.channel)];
        let call = http().post(format!("{}/live/auth", service.url)).bearer_auth(client.token()).form(&wish);
        call.send().await.unwrap().status()
    };
    assert_eq!((listen(&owner).await.as_u16(), listen(&other).await.as_u16()), (200, 404));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_has_expired_or_was_changed_takes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let secret = "a secret that is long enough for all".to_owned();
    let settings = [("STAMPEDE_SECRET".to_owned(), secret.clone())];
    let service = Service::start(data.path(), free_port(), &settings);
    let client = Client::new(&service.url).await;
    let picture = json!({ "name": "a.jpg", "bytes": 9, "type": "image/jpeg" });
    let (_, allowed) = client.post("/pictures", json!({ "pictures": [picture] })).await;
    let form = &allowed["pictures"][0]["upload"];
    let field = |name: &str| {
        let fields = form["fields"].as_array().unwrap().iter();
        fields.filter(|field| field[0] == name).map(|field| field[1].as_str().unwrap().to_owned()).next()
    };
    let (policy, signature) = (field("policy").unwrap(), field("signature").unwrap());
    let secret = Secret::new(secret).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // The very form that was given, a second after its end.
    let given = Policy::from_form(&policy, &signature, &secret, now).unwrap();
    let expired = Policy { expires: now - 1, ..given }.form(&secret);
    let send = async |(policy, signature): (String, String), length: usize| {
        let mut multipart = reqwest::multipart::Form::new();
        for name in ["key", "Content-Type"] {
            if let Some(value) = field(name) {
                multipart = multipart.text(name.to_owned(), value);
            }
        }
        let file = reqwest::multipart::Part::bytes(vec![0xff; length]).file_name("x");
        let multipart = multipart.text("policy", policy).text("signature", signature).part("file", file);
        let sent = http().post(form["url"].as_str().unwrap()).multipart(multipart).send().await.unwrap();
        (sent.status(), sent.text().await.unwrap())
    };
    let (status, problem) = send(expired, 9).await;
    assert!(status == StatusCode::FORBIDDEN && problem.contains("expired"), "{status} {problem}");
    let forged = (policy.clone(), format!("{}A", &signature[..signature.len() - 1]));
    let forged = if forged.1 == signature { (policy.clone(), "AAAA".to_owned()) } else { forged };
    let (status, problem) = send(forged, 9).await;
    assert!(status == StatusCode::FORBIDDEN && problem.contains("not one of ours"), "{status} {problem}");
    assert_ne!(send((policy.clone(), signature.clone()), 10).await.0, StatusCode::NO_CONTENT);
    let id = allowed["pictures"][0]["id"].as_str().unwrap();
    // Nothing of all this has arrived.
    let (_, looked) = client.post("/pictures/confirm", json!({ "ids": [id] })).await;
    assert_eq!(looked["uploads"][0]["state"], "announced", "{looked}");
    assert_eq!(send((policy, signature), 9).await.0, StatusCode::NO_CONTENT);
}

/// Announces one file; its identifier, and the form.
async fn announced(client: &Client, kind: &str, bytes: usize) -> (String, Value) {
    let file = |name: &str, kind: &str| json!({ "name": name, "bytes": bytes, "type": kind });
    let allowed = match kind {
        "stamps" => client.post("/stamps", file("a.png", "image/png")).await.1,
        _ => {
            let files = json!({ "pictures": [file("a.jpg", "image/jpeg")] });
            client.post("/pictures", files).await.1["pictures"][0].clone()
        }
    };
    (allowed["id"].as_str().unwrap().to_owned(), allowed["upload"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_again_changes_nothing_that_was_looked_at() {
    for home in homes().await {
        let client = Client::new(&home.url).await;
        let [first, other] =
            ["baseline-444.jpg", "baseline-420.jpg"].map(|name| std::fs::read(variant(name)).unwrap());
        let (id, form) = announced(&client, "pictures", first.len().max(other.len())).await;
        // Until it is looked at, the last one counts: a client may not know that its first try arrived.
        for content in [&other, &first, &first] {
            client.send(&form, content.clone()).await;
        }
        let confirm = async || client.post("/pictures/confirm", json!({ "ids": [id] })).await.1;
        let looked = confirm().await;
        assert_eq!(looked["uploads"][0]["state"], "ready", "{}: {looked}", home.name);
        let small = format!("/pictures/{id}/thumbnail");
        let thumbnail = async || {
            let answer = client.call(Method::GET, &small, None).await;
            (answer.headers()["etag"].clone(), answer.bytes().await.unwrap())
        };
        let stamped = async || {
            let wanted = json!({ "pictures": [id], "stamp": "built-in:logo" });
            let (_, job) = client.post("/jobs", wanted).await;
            let job = job["id"].as_str().unwrap();
            client.finished(job).await;
            client.follow(&format!("/jobs/{job}/items/0/download")).await
        };
        let (shown, made) = (thumbnail().await, stamped().await);
        client.send(&form, other).await;
        assert!(thumbnail().await == shown, "{}: another picture is shown", home.name);
        assert!(stamped().await == made, "{}: another picture is stamped", home.name);
        assert_eq!(confirm().await, looked, "{}", home.name);

        let png = std::fs::read(variant("png8-rgb.png")).unwrap();
        let (id, form) = announced(&client, "stamps", png.len()).await;
        client.send(&form, png.clone()).await;
        let (_, looked) = client.post(&format!("/stamps/{id}/confirm"), json!({})).await;
        assert_eq!(looked["state"], "ready", "{}: {looked}", home.name);
        client.send(&form, b"no picture".to_vec()).await;
        assert!(client.follow(&format!("/stamps/{id}/image")).await == png, "{}", home.name);
    }
}
