//! The same behaviour of a folder and of two servers that speak as S3 does.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;
use aws_smithy_http_client::tls;
use bytes::Bytes;
use proptest::prelude::*;
use stampede_domain::signature::Secret;
use stampede_domain::upload::Policy;
use stampede_emulators::{Ministack, Moto};
use stampede_store::{About, Buckets, Fault, Folder, Form, S3, Store};

/// What keeps a store alive.
type Keep = Box<dyn std::any::Any>;

async fn folder() -> (Store, Keep) {
    let home = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let folder = Folder::open(home.path(), &address, Secret::new([7; 32]).unwrap()).unwrap();
    let routes = folder.routes();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (Store::Folder(folder), Box::new((home, server)))
}

async fn s3(endpoint: &str) -> Store {
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await;
    let client = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build(),
    );
    for bucket in ["originals", "stamps", "stamped"] {
        client.create_bucket().bucket(bucket).send().await.unwrap();
    }
    let bucket = |name: &str| name.to_owned();
    let buckets =
        Buckets { originals: bucket("originals"), stamps: bucket("stamps"), stamped: bucket("stamped") };
    Store::S3(S3::new(&config, buckets))
}

async fn stores() -> Vec<(&'static str, Store, Keep)> {
    let (store, keep) = folder().await;
    let mut stores = vec![("folder", store, keep)];
    let ministack = Ministack::start().unwrap();
    stores.push(("ministack", s3(&ministack.endpoint).await, Box::new(ministack)));
    let moto = Moto::start().unwrap();
    stores.push(("moto", s3(&moto.endpoint).await, Box::new(moto)));
    stores
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

async fn post(form: &Form, body: Vec<u8>) -> u16 {
    let mut multipart = reqwest::multipart::Form::new();
    for (name, value) in &form.fields {
        multipart = multipart.text(name.clone(), value.clone());
    }
    multipart = multipart.part("file", reqwest::multipart::Part::bytes(body).file_name("a.jpg"));
    client().post(&form.url).multipart(multipart).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn objects_are_put_read_listed_and_deleted() {
    for (name, store, _keep) in stores().await {
        store.ready().await.unwrap();
        let metadata = BTreeMap::from([("width".to_owned(), "40".to_owned())]);
        let about = About { content_type: "image/jpeg".to_owned(), metadata };
        assert_eq!(store.head("originals/a/1").await.unwrap(), None, "{name}");
        assert!(matches!(store.get("originals/a/1", 9).await, Err(Fault::Missing(_))), "{name}");
        for key in ["originals/a/2", "originals/a/1", "originals/b/1", "originals/a/1b"] {
            store.put(key, Bytes::from(key.to_owned()), &about).await.unwrap();
        }
        let (object, body) = store.get("originals/a/1", 13).await.unwrap();
        assert_eq!((&body[..], object.bytes), (&b"originals/a/1"[..], 13), "{name}");
        assert_eq!((object.content_type.as_str(), &object.metadata), ("image/jpeg", &about.metadata));
        assert_eq!(store.head("originals/a/1").await.unwrap(), Some(object.clone()), "{name}");
        assert!(matches!(store.get("originals/a/1", 12).await, Err(Fault::Long { bytes: 13, .. })), "{name}");
        assert_eq!(&store.read_start("originals/a/1", 4).await.unwrap()[..], b"orig", "{name}");
        assert_eq!(store.read_start("originals/a/1", 400).await.unwrap().len(), 13, "{name}");
        store.put("originals/a/1", Bytes::from_static(b"new"), &About::default()).await.unwrap();
        let (again, body) = store.get("originals/a/1", 100).await.unwrap();
        assert!(again.etag != object.etag && &body[..] == b"new", "{name}");

        let keys = |listed: Vec<stampede_store::Listed>| -> Vec<String> {
            listed.into_iter().map(|one| one.key).collect()
        };
        let all = keys(store.list("originals/a/", None, 10).await.unwrap());
        assert_eq!(all, ["originals/a/1", "originals/a/1b", "originals/a/2"], "{name}");
        let some = keys(store.list("originals/a/1", Some("originals/a/1"), 10).await.unwrap());
        assert_eq!(some, ["originals/a/1b"], "{name}");
        assert_eq!(store.list("originals/", None, 2).await.unwrap().len(), 2, "{name}");
        assert!(store.list("originals/none/", None, 2).await.unwrap().is_empty(), "{name}");
        let gone = ["originals/a/1".to_owned(), "originals/never".to_owned(), "stamps/never".to_owned()];
        store.delete(&gone).await.unwrap();
        store.delete(&gone).await.unwrap();
        assert_eq!(store.head("originals/a/1").await.unwrap(), None, "{name}");
        assert!(store.head("originals/a/1b").await.unwrap().is_some(), "{name}");
    }
}

#[tokio::test]
async fn long_objects_are_written_in_parts_and_seen_whole_or_not_at_all() {
    let piece = |n: u8| Bytes::from(vec![n; 3 << 20]);
    for (name, store, _keep) in stores().await {
        let mut writing = store.write("zips/a", &About::of_type("application/zip")).await.unwrap();
        for n in 0..7 {
            writing.write(piece(n)).await.unwrap();
        }
        assert_eq!(store.head("zips/a").await.unwrap(), None, "{name}");
        assert_eq!(writing.finish().await.unwrap(), 21 << 20, "{name}");
        let (object, body) = store.get("zips/a", 1 << 30).await.unwrap();
        assert_eq!(object.content_type, "application/zip", "{name}");
        assert!(body.len() == 21 << 20 && (0..7).all(|n| body[n * (3 << 20)] == n as u8), "{name}");
        let mut given_up = store.write("zips/b", &About::default()).await.unwrap();
        given_up.write(piece(1)).await.unwrap();
        given_up.abort().await;
        let mut dropped = store.write("zips/c", &About::default()).await.unwrap();
        dropped.write(piece(1)).await.unwrap();
        drop(dropped);
        let empty = store.write("zips/d", &About::default()).await.unwrap();
        assert_eq!(empty.finish().await.unwrap(), 0, "{name}");
        let keys = store.list("zips/", None, 10).await.unwrap();
        assert_eq!(keys.iter().map(|one| &*one.key).collect::<Vec<_>>(), ["zips/a", "zips/d"], "{name}");
    }
}

#[tokio::test]
async fn uploads_are_held_to_their_form() {
    for (name, store, _keep) in stores().await {
        let policy = |key: &str, expires: u64| Policy {
            key: key.to_owned(),
            content_type: "image/jpeg".to_owned(),
            length: (2, 10),
            expires,
        };
        let good = store.upload_form(&policy("originals/x", now() + 60), now()).await.unwrap();
        assert_eq!(post(&good, b"picture".to_vec()).await, 204, "{name}");
        let (object, body) = store.get("originals/x", 100).await.unwrap();
        assert_eq!((object.content_type.as_str(), &body[..]), ("image/jpeg", &b"picture"[..]), "{name}");

        if name == "moto" {
            // It takes any form.
            continue;
        }
        let refused = store.upload_form(&policy("originals/y", now() + 60), now()).await.unwrap();
        assert!(post(&refused, vec![0; 11]).await >= 400, "{name}: too long");
        assert!(post(&refused, vec![0; 1]).await >= 400, "{name}: too short");
        let other_type = |(field, value): &(String, String)| match &**field {
            "Content-Type" => (field.clone(), "text/html".to_owned()),
            _ => (field.clone(), value.clone()),
        };
        let changed = Form { fields: refused.fields.iter().map(other_type).collect(), ..refused.clone() };
        assert!(post(&changed, vec![0; 5]).await >= 400, "{name}: another type");
        let late = store.upload_form(&policy("originals/y", now() - 1), now() - 60).await.unwrap();
        assert!(post(&late, vec![0; 5]).await >= 400, "{name}: too late");
        assert_eq!(store.head("originals/y").await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn downloads_are_named_and_signed() {
    for (name, store, _keep) in stores().await {
        store
            .put("stamped/a b/ü", Bytes::from_static(b"0123456789"), &About::of_type("image/png"))
            .await
            .unwrap();
        let url = store.download_url("stamped/a b/ü", "Été.png", now(), 60).await.unwrap();
        let answer = client().get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.contains("%C3%89t%C3%A9.png"), "{name}: {disposition}");
        assert_eq!(answer.headers()["content-type"], "image/png");
        assert_eq!(&answer.bytes().await.unwrap()[..], b"0123456789", "{name}");
        let part = client().get(&url).header("Range", "bytes=3-5").send().await.unwrap();
        assert_eq!(part.status(), 206, "{name}");
        assert_eq!(&part.bytes().await.unwrap()[..], b"345", "{name}");
        if name != "folder" {
            // Neither emulator checks the signature of a download.
            continue;
        }
        assert_eq!(client().get(url.replace("a%20b", "a%20c")).send().await.unwrap().status(), 403);
        assert_eq!(client().get(url.replace("t%C3", "t%C4")).send().await.unwrap().status(), 403);
        assert_eq!(client().get(url.split('?').next().unwrap()).send().await.unwrap().status(), 400);
        let late = store.download_url("stamped/a b/ü", "a", now() - 61, 60).await.unwrap();
        assert_eq!(client().get(late).send().await.unwrap().status(), 403);
        let gone = store.download_url("stamped/none", "a", now(), 60).await.unwrap();
        assert_eq!(client().get(gone).send().await.unwrap().status(), 404);
        let again = client().get(&url).send().await.unwrap();
        let etag = again.headers()["etag"].clone();
        assert_eq!(client().get(&url).header("If-None-Match", etag).send().await.unwrap().status(), 304);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is asked for, nothing outside of the folder is read or written.
    #[test]
    fn no_key_leads_out_of_the_folder(key in "(\\.\\.|\\.|a|/|\\\\|ü|\0){0,8}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("store");
        std::fs::write(home.path().join("a"), "secret").unwrap();
        let folder = Folder::open(&root, "http://127.0.0.1", Secret::new([7; 32]).unwrap()).unwrap();
        let store = Store::Folder(folder);
        runtime.block_on(async {
            prop_assert!(store.get(&key, 100).await.is_err());
            let put = store.put(&key, Bytes::from_static(b"x"), &About::default()).await;
            let outside: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
            prop_assert_eq!(outside.len(), 2);
            prop_assert_eq!(std::fs::read(home.path().join("a")).unwrap(), b"secret");
            prop_assert_eq!(put.is_ok(), store.get(&key, 100).await.is_ok());
            Ok(())
        })?;
    }
}
