//! API tokens, made and revoked where the database is: by commands beside the service, and by the sweeper on AWS.

use reqwest::StatusCode;
use serde_json::{Value, json};
use stampede_emulators::Postgres;

use crate::client::http;
use crate::places::{Service, as_lambdas, free_port, run};

/// Who a token says that one is.
async fn owner(url: &str, token: &str) -> Result<String, StatusCode> {
    let answer = http().get(format!("{url}/me")).bearer_auth(token).send().await.unwrap();
    match answer.status() {
        StatusCode::OK => {
            let me: Value = answer.json().await.unwrap();
            Ok(me["owner"].as_str().unwrap().to_owned())
        }
        refused => Err(refused),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_makes_a_token_and_another_revokes_it() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let command = |arguments: &[&str]| {
        let said = run(data.path(), arguments, &[]);
        let [out, err] = [said.stdout, said.stderr].map(|text| String::from_utf8(text).unwrap());
        (said.status.success(), out.trim().to_owned(), err)
    };
    let (made, token, told) = command(&["add-token", "ci"]);
    assert!(made, "{told}");
    let named = |line: &str| {
        let (id, owner) =
            line.strip_prefix("This is shown once. It is ")?.strip_suffix('.')?.split_once(" of ")?;
        Some((id.to_owned(), owner.to_owned()))
    };
    let (id, whose) = told.lines().find_map(named).unwrap();
    assert_eq!(owner(&service.url, &token).await, Ok(whose.clone()));
    let (_, other, _) = command(&["add-token", "laptop", "--owner", &whose]);
    assert_eq!(owner(&service.url, &other).await, Ok(whose.clone()));

    let revoke = ["revoke-token", "--owner", &whose, &id];
    let (revoked, _, told) = command(&revoke);
    assert!(revoked, "{told}");
    assert_eq!(owner(&service.url, &token).await, Err(StatusCode::UNAUTHORIZED));
    assert_eq!(owner(&service.url, &other).await, Ok(whose.clone()), "another token is good");
    let (revoked, _, told) = command(&revoke);
    assert!(!revoked && told.contains(&format!("{whose} has no token {id}")), "{told}");
    let (made, _, told) = command(&["add-token", "ci", "--owner", "me"]);
    assert!(!made && told.contains("owner: “me” is not an identifier"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_makes_a_token_and_revokes_it() {
    let Some(home) = as_lambdas(Postgres::start().unwrap(), &[]).await else { return };
    let (_, ministack) = home.servers.as_ref().unwrap();
    let made = json!({ "do": "add-token", "name": "ci", "owner": null });
    let made = ministack.invoke("sweeper", &made).await.unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (token, id, whose) = (text("token"), text("id"), text("owner"));
    assert_eq!(owner(&home.url, &token).await, Ok(whose.clone()));
    let other = json!({ "do": "add-token", "name": "laptop", "owner": whose });
    let other = ministack.invoke("sweeper", &other).await.unwrap();
    assert_eq!(other["owner"], json!(whose));

    let revoke = json!({ "do": "revoke-token", "owner": whose, "id": id });
    assert_eq!(ministack.invoke("sweeper", &revoke).await.unwrap(), json!({ "done": "revoke-token" }));
    assert_eq!(owner(&home.url, &token).await, Err(StatusCode::UNAUTHORIZED));
    let other = other["token"].as_str().unwrap();
    assert_eq!(owner(&home.url, other).await, Ok(whose), "another token is good");
    let refused = ministack.invoke("sweeper", &revoke).await.unwrap_err().to_string();
    assert!(refused.contains("has no token"), "{refused}");
}
