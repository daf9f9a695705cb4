//! The same behaviour of a folder and of two servers that speak as S3 does.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;
use aws_smithy_http_client::tls;
use bytes::Bytes;
use futures_util::StreamExt as _;
use proptest::prelude::*;
use stampede_domain::signature::Secret;
use stampede_domain::upload::Policy;
use stampede_emulators::{Ministack, Moto};
use stampede_store::{About, Buckets, Fault, Folder, Form, S3, Store};

static PNG: LazyLock<About> = LazyLock::new(|| About::of_type("image/png"));

/// What has not come about after so long never will.
const PATIENCE: Duration = Duration::from_secs(60);

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

async fn s3(endpoint: &str) -> (Store, aws_sdk_s3::Client) {
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
    (Store::S3(S3::new(&config, buckets)), client)
}

/// A store, and what is asked about it otherwise.
struct Tested {
    name: &'static str,
    store: Store,
    s3: Option<aws_sdk_s3::Client>,
    _keep: Keep,
}

impl Tested {
    /// Whether it checks what signs forms and addresses. Moto takes any, and denies to tell what is missing.
    fn checks_signatures(&self) -> bool {
        self.name != "moto"
    }

    /// Uploads in parts that were neither finished nor given up.
    async fn open_uploads(&self) -> usize {
        let Some(client) = &self.s3 else { return 0 };
        let uploads = client.list_multipart_uploads().bucket("stamped").send().await.unwrap();
        uploads.uploads().len()
    }
}

async fn stores() -> Vec<Tested> {
    let (store, keep) = folder().await;
    let folder = Tested { name: "folder", store, s3: None, _keep: keep };
    let ministack = Ministack::start_strict().unwrap();
    let (store, s3_client) = s3(&ministack.endpoint).await;
    let ministack = Tested { name: "ministack", store, s3: Some(s3_client), _keep: Box::new(ministack) };
    let moto = Moto::start().unwrap();
    let (store, s3_client) = s3(&moto.endpoint).await;
    vec![folder, ministack, Tested { name: "moto", store, s3: Some(s3_client), _keep: Box::new(moto) }]
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
    for Tested { name, store, .. } in &stores().await {
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
async fn a_copy_stays_as_it_was() {
    for Tested { name, store, .. } in &stores().await {
        let metadata = BTreeMap::from([("width".to_owned(), "40".to_owned())]);
        let about = About { content_type: "image/jpeg".to_owned(), metadata };
        let (from, to) = ("originals/a/ü 1", "originals/a/ü 1.copy");
        assert!(matches!(store.copy(from, to).await, Err(Fault::Missing(_))), "{name}");
        store.put(from, Bytes::from_static(b"first"), &about).await.unwrap();
        store.copy(from, to).await.unwrap();
        store.copy(from, to).await.unwrap();
        store.put(from, Bytes::from_static(b"another"), &PNG).await.unwrap();
        let (object, body) = store.get(to, 100).await.unwrap();
        let known = (object.content_type, object.metadata);
        assert_eq!((&body[..], known), (&b"first"[..], (about.content_type, about.metadata)), "{name}");
        store.delete(&[from.to_owned()]).await.unwrap();
        assert_eq!(store.read_start(to, 100).await.unwrap(), body, "{name}");
        store.put("originals/b", body.clone(), &PNG).await.unwrap();
        store.copy("originals/b", to).await.unwrap();
        assert_eq!(store.head(to).await.unwrap().unwrap().content_type, "image/png", "{name}");
    }
}

#[tokio::test]
async fn lists_go_over_pages_and_buckets() {
    for Tested { name, store, .. } in &stores().await {
        let keys: Vec<String> = (0..1100).map(|number| format!("stamped/{number:04}")).collect();
        let puts = keys.iter().map(|key| store.put(key, Bytes::from_static(b"1"), &PNG));
        let puts: Vec<_> = futures_util::stream::iter(puts).buffer_unordered(16).collect().await;
        assert!(puts.iter().all(Result::is_ok), "{name}");
        store.put("originals/a", Bytes::from_static(b"22"), &PNG).await.unwrap();
        let listed = store.list("stamped/", None, 5000).await.unwrap();
        assert!(listed.iter().map(|one| &one.key).eq(&keys), "{name}");
        let listed = store.list("", None, 3).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|one| (&*one.key, one.bytes)).collect();
        assert_eq!(listed, [("originals/a", 2), ("stamped/0000", 1), ("stamped/0001", 1)], "{name}");
        store.delete(&keys[1..]).await.unwrap();
        let listed = store.list("", None, 5000).await.unwrap();
        assert_eq!(listed.len(), 2, "{name}");
    }
}

#[tokio::test]
async fn long_objects_are_written_in_parts_and_seen_whole_or_not_at_all() {
    let piece = |n: u8| Bytes::from(vec![n; 3 << 20]);
    for tested in &stores().await {
        let Tested { name, store, .. } = tested;
        let metadata = BTreeMap::from([("files".to_owned(), "7".to_owned())]);
        let about = About { content_type: "application/zip".to_owned(), metadata };
        let mut writing = store.write("zips/a", &about).await.unwrap();
        for n in 0..9 {
            writing.write(piece(n)).await.unwrap();
        }
        assert_eq!(store.head("zips/a").await.unwrap(), None, "{name}");
        assert_eq!(writing.finish().await.unwrap(), 27 << 20, "{name}");
        let (object, body) = store.get("zips/a", 1 << 30).await.unwrap();
        assert_eq!(
            (&object.content_type, &object.metadata),
            (&about.content_type, &about.metadata),
            "{name}"
        );
        assert!(body.len() == 27 << 20 && (0..9).all(|n| body[n * (3 << 20)..][..3 << 20] == piece(n as u8)));
        // At once, and longer than a part.
        store.put("zips/e", body.slice(1..17 << 20), &about).await.unwrap();
        assert_eq!(store.get("zips/e", 1 << 30).await.unwrap().1, body.slice(1..17 << 20), "{name}");
        // Exactly one part, and two.
        for parts in [1, 2] {
            let mut writing = store.write("zips/f", &about).await.unwrap();
            writing.write(body.slice(..parts * (8 << 20))).await.unwrap();
            assert_eq!(writing.finish().await.unwrap(), (parts * (8 << 20)) as u64, "{name}");
            assert_eq!(store.get("zips/f", 1 << 30).await.unwrap().1, body.slice(..parts * (8 << 20)));
        }
        let empty = store.write("zips/d", &About::default()).await.unwrap();
        assert_eq!(empty.finish().await.unwrap(), 0, "{name}");
        assert!(store.get("zips/d", 0).await.unwrap().1.is_empty(), "{name}");
        assert!(store.read_start("zips/d", 10).await.unwrap().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_is_given_up_leaves_nothing() {
    let long = Bytes::from(vec![1; 20 << 20]);
    for tested in &stores().await {
        let Tested { name, store, .. } = tested;
        store.put("zips/a", Bytes::from_static(b"old"), &PNG).await.unwrap();
        let mut given_up = store.write("zips/a", &PNG).await.unwrap();
        given_up.write(long.clone()).await.unwrap();
        given_up.abort().await;
        assert_eq!(tested.open_uploads().await, 0, "{name}: an abort is done when it returns");
        let mut dropped = store.write("zips/b", &PNG).await.unwrap();
        dropped.write(long.clone()).await.unwrap();
        drop(dropped);
        let given_up = async { while tested.open_uploads().await > 0 {} };
        tokio::time::timeout(PATIENCE, given_up).await.unwrap();
        let (_, body) = store.get("zips/a", 100).await.unwrap();
        assert_eq!(&body[..], b"old", "{name}");
        assert_eq!(store.list("zips/", None, 10).await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn uploads_are_held_to_their_form() {
    for tested in &stores().await {
        let Tested { name, store, .. } = tested;
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
        if !tested.checks_signatures() {
            continue;
        }
        let form = store.upload_form(&policy("originals/y", now() + 60), now()).await.unwrap();
        assert!(post(&form, vec![0; 11]).await >= 400, "{name}: too long");
        assert!(post(&form, vec![0; 1]).await >= 400, "{name}: too short");
        // In every field something else.
        for at in 0..form.fields.len() {
            let mut changed = form.clone();
            let (field, value) = &mut changed.fields[at];
            let field = field.clone();
            let last = value.pop().unwrap();
            value.push(if last == '1' { '2' } else { '1' });
            assert!(post(&changed, vec![0; 5]).await >= 400, "{name}: another {field}");
        }
        let late = store.upload_form(&policy("originals/y", now() - 1), now() - 60).await.unwrap();
        assert!(post(&late, vec![0; 5]).await >= 400, "{name}: too late");
        assert_eq!(store.head("originals/y").await.unwrap(), None, "{name}");
        assert_eq!(post(&form, vec![0; 2]).await, 204, "{name}");
        assert_eq!(post(&form, vec![0; 10]).await, 204, "{name}");
    }
}

#[tokio::test]
async fn downloads_are_named_and_signed() {
    for tested in &stores().await {
        let Tested { name, store, .. } = tested;
        let key = "stamped/a b/ü";
        store.put(key, Bytes::from_static(b"0123456789"), &PNG).await.unwrap();
        let url = store.download_url(key, "Été.png", now(), 60).await.unwrap();
        let status = async |url: String| client().get(url).send().await.unwrap().status().as_u16();
        let answer = client().get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.contains("%C3%89t%C3%A9.png"), "{name}: {disposition}");
        assert_eq!(answer.headers()["content-type"], "image/png");
        assert_eq!(&answer.bytes().await.unwrap()[..], b"0123456789", "{name}");
        let part = client().get(&url).header("Range", "bytes=3-5").send().await.unwrap();
        assert_eq!(part.status(), 206, "{name}");
        assert_eq!(&part.bytes().await.unwrap()[..], b"345", "{name}");
        if !tested.checks_signatures() {
            continue;
        }
        let gone = store.download_url("stamped/none", "a", now(), 60).await.unwrap();
        assert_eq!(status(gone).await, 404, "{name}: nothing is there");
        store.put("stamped/a c/ü", Bytes::from_static(b"another"), &PNG).await.unwrap();
        assert_eq!(status(url.replace("a%20b", "a%20c")).await, 403, "{name}: another object");
        assert_eq!(status(url.replace("t%C3", "t%C4").replace("t%25C3", "t%25C4")).await, 403, "{name}");
        let unsigned = status(url.split('?').next().unwrap().to_owned()).await;
        assert!(matches!(unsigned, 400 | 403), "{name}: {unsigned}");
        let late = store.download_url(key, "a", now() - 61, 60).await.unwrap();
        assert_eq!(status(late).await, 403, "{name}: too late");
    }
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused_for_good() {
    for Tested { name, store, .. } in &stores().await {
        let bad = About { metadata: BTreeMap::from([("Größe".to_owned(), "1".to_owned())]), ..PNG.clone() };
        let refused = store.put("stamped/a", Bytes::new(), &bad).await.unwrap_err();
        assert!(matches!(refused, Fault::About(_)) && !refused.is_passing(), "{name}: {refused}");
        assert!(store.write("stamped/a", &bad).await.is_err(), "{name}");
        assert!(matches!(store.read("stamped/a").await, Err(Fault::Missing(_))), "{name}");
        assert!(matches!(store.read_start("stamped/a", 1).await, Err(Fault::Missing(_))), "{name}");
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
