//! Secrets of two servers that speak as Secrets Manager does.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use stampede_emulators::{Ministack, Moto};
use stampede_secrets::{Environment, Fault};

fn config(endpoint: &str) -> SdkConfig {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(provider).build_https())
        .build()
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn behaves(config: &SdkConfig) {
    let client = Client::new(config);
    let put = async |name: &str, content: &str| {
        client.create_secret().name(name).secret_string(content).send().await.unwrap().arn.unwrap()
    };
    let own = put("own", r#"{"STAMPEDE_SECRET": "s", "STAMPEDE_RATE": "9"}"#).await;
    put("pusher", r#"{"STAMPEDE_PUSHER": "1:key:secret@eu"}"#).await;
    put("text", "no JSON").await;
    put("login", r#"{"username": "stampede", "password": "one", "engine": "postgres"}"#).await;

    let environment = variables(&[
        ("STAMPEDE_SECRETS", &format!("{own}, pusher")),
        ("STAMPEDE_RATE", "5"),
        ("STAMPEDE_DATABASE", "postgres://db.example/stampede"),
        ("STAMPEDE_DATABASE_LOGIN", "login"),
    ]);
    let environment = Environment::of(environment, config).await.unwrap();
    assert_eq!(environment.require("STAMPEDE_SECRET").unwrap(), "s");
    assert_eq!(environment.require("STAMPEDE_PUSHER").unwrap(), "1:key:secret@eu");
    assert_eq!(environment.get("STAMPEDE_RATE").as_deref(), Some("5"), "what was set by hand counts");
    let unset = environment.require("STAMPEDE_QUEUE").unwrap_err();
    assert!(unset.to_string().contains("STAMPEDE_QUEUE"), "{unset}");
    let shown = format!("{environment:?}");
    assert!(shown.contains("STAMPEDE_PUSHER") && !shown.contains("1:key:secret"), "{shown}");

    assert!(environment.login_changes());
    assert_eq!(environment.database().await.unwrap(), "postgres://stampede:one@db.example/stampede");
    let two = r#"{"username": "stampede", "password": "two"}"#;
    client.put_secret_value().secret_id("login").secret_string(two).send().await.unwrap();
    assert_eq!(environment.database().await.unwrap(), "postgres://stampede:two@db.example/stampede");

    let missing = Environment::of(variables(&[("STAMPEDE_SECRETS", "nowhere")]), config).await.unwrap_err();
    assert!(matches!(&missing, Fault::Unreadable { name, .. } if name == "nowhere"), "{missing}");
    let text = Environment::of(variables(&[("STAMPEDE_SECRETS", "text")]), config).await.unwrap_err();
    assert!(matches!(&text, Fault::Content(name) if name == "text"), "{text}");
}

#[tokio::test]
async fn of_ministack() {
    let ministack = Ministack::start().unwrap();
    behaves(&config(&ministack.endpoint)).await;
}

#[tokio::test]
async fn of_moto() {
    let moto = Moto::start().unwrap();
    behaves(&config(&moto.endpoint)).await;
}

#[tokio::test]
async fn an_environment_alone_is_enough() {
    let environment = Environment::load().await.unwrap();
    assert!(environment.get("PATH").is_some() && !environment.login_changes());
}
