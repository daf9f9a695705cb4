//! A bucket that was there before: `stamp enqueue` fills the queue, stampers do the work, `stamp status` tells.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use stampede_emulators::Ministack;
use stampede_store::About;

use crate::places::{Stamper, clients, fixture, is_empty, until};

/// The command with its feature `s3`, beside the tests: `cargo test --workspace --features stamp-engine/s3`.
fn stamp(arguments: &[&str], ministack: &Ministack, home: &Path) -> Output {
    let stamp = PathBuf::from(env!("CARGO_BIN_EXE_stamper")).with_file_name("stamp");
    let mut command = Command::new(stamp);
    command.args(arguments).envs(ministack.variables()).env("XDG_STATE_HOME", home);
    command.output().unwrap()
}

fn has_s3() -> bool {
    let stamp = PathBuf::from(env!("CARGO_BIN_EXE_stamper")).with_file_name("stamp");
    let asked = Command::new(stamp).args(["enqueue", "--help"]).output();
    let has = asked.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("SOURCE"));
    if !has {
        assert!(std::env::var_os("STAMPEDE_REQUIRE_S3").is_none(), "build `stamp` with its feature s3");
        eprintln!("backfill is not tested: build `stamp` with its feature s3");
    }
    has
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_stamps_what_was_enqueued() {
    if !has_s3() {
        return;
    }
    let (ministack, home) = (Ministack::start().unwrap(), tempfile::tempdir().unwrap());
    let (url, dead) = ministack.queue("backfill", 5).await.unwrap();
    for bucket in ["holiday", "out", "stamps"] {
        ministack.bucket(bucket).await.unwrap();
    }
    let (store, queue) = clients(&ministack, "holiday", &url, &dead);
    let (stamps, out) = (store.bucket("stamps").unwrap(), store.bucket("out").unwrap());
    let (jpeg, png) = (About::of_type("image/jpeg"), About::of_type("image/png"));
    stamps.put("logo.png", fixture("stamps/logo.png"), &png).await.unwrap();
    let whole = fixture("pictures/variants/baseline-420.jpg");
    for key in ["2026/a.jpg", "2026/Été 1+1.jpg", "2026/x/b.jpg", "2026/notes.txt", "2025/c.jpg"] {
        store.put(key, whole.clone(), &jpeg).await.unwrap();
    }
    store.put("2026/broken.jpg", whole.slice(..whole.len() / 2), &jpeg).await.unwrap();

    let wish = ["enqueue", "s3://holiday/2026/", "--queue", &url, "--out", "s3://out/done"];
    let wish = [&wish[..], &["--stamp", "s3://stamps/logo.png", "--at", "top-left"]].concat();
    let sent = said(&stamp(&wish, &ministack, home.path()));
    assert!(sent.starts_with("4 messages sent") && sent.contains("1 objects passed over"), "{sent}");
    assert!(said(&stamp(&wish, &ministack, home.path())).contains("sent by an earlier run"));
    let status = stamp(&["status", "--queue", &url, "--json"], &ministack, home.path());
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["sent"], &status["waiting"], &status["dead"]), (&json!(4), &json!(4), &json!(0)));

    let mut variables = ministack.variables().to_vec();
    for (name, value) in [("STAMPEDE_QUEUE", &*url), ("STAMPEDE_DEAD_LETTERS", &dead)] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let stamper = Stamper::start(&variables, &home.path().join("log"));
    until("the queue is empty", async || is_empty(&queue).await).await;
    stamper.stop();
    let outputs = out.list("", None, 9).await.unwrap();
    let keys: Vec<_> = outputs.iter().map(|one| &*one.key).collect();
    assert_eq!(keys, ["done/a.jpg", "done/x/b.jpg", "done/Été 1+1.jpg"]);
    let status = stamp(&["status", "--queue", &url], &ministack, home.path());
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("s3://holiday/2026/: 4 sent, all listed"), "{status}");
    assert!(status.contains("1 failed: their messages are among the dead letters"), "{status}");

    // The same from here, without a queue: the outputs are the same pictures.
    let logo = home.path().join("logo.png");
    std::fs::write(&logo, fixture("stamps/logo.png")).unwrap();
    let direct = ["s3://holiday/2026/", "--stamp", logo.to_str().unwrap(), "--at", "top-left"];
    let direct = [&direct[..], &["--out", "s3://out/direct", "--resume"]].concat();
    let done = stamp(&direct, &ministack, home.path());
    assert_eq!(done.status.code(), Some(1), "one of them is damaged");
    let told = said(&done);
    assert!(told.contains("failed: s3://holiday/2026/broken.jpg"), "{told}");
    assert!(told.contains("3 pictures, 1 failed"), "{told}");
    for name in ["a.jpg", "x/b.jpg", "Été 1+1.jpg"] {
        let (_, by_fleet) = out.get(&format!("done/{name}"), 1 << 30).await.unwrap();
        let (_, direct) = out.get(&format!("direct/{name}"), 1 << 30).await.unwrap();
        assert!(by_fleet == direct && direct != whole, "{name}");
    }
    let told = said(&stamp(&direct, &ministack, home.path()));
    assert!(told.contains("0 pictures, 3 done before, 1 failed"), "{told}");
    let told = said(&stamp(&direct[..direct.len() - 1], &ministack, home.path()));
    assert!(told.contains("use --overwrite"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inventory_is_read_instead_of_a_list_and_a_broken_run_goes_on() {
    if !has_s3() {
        return;
    }
    let (ministack, home) = (Ministack::start().unwrap(), tempfile::tempdir().unwrap());
    let (url, dead) = ministack.queue("backfill", 5).await.unwrap();
    ministack.bucket("inventories").await.unwrap();
    let (inventories, queue) = clients(&ministack, "inventories", &url, &dead);
    let files = [0..1500, 1500..1510].map(|numbers| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for number in numbers {
            writeln!(packed, "\"holiday\",\"2026/%C3%89t%C3%A9+{number}.jpg\",\"51\"").unwrap();
        }
        packed.finish().unwrap()
    });
    let text = About::of_type("application/json");
    for (name, file) in ["1.csv.gz", "2.csv.gz"].iter().zip(files) {
        inventories.put(name, file.into(), &text).await.unwrap();
    }
    let manifest = |format: &str| {
        json!({
            "sourceBucket": "holiday", "destinationBucket": "arn:aws:s3:::inventories", "fileFormat": format,
            "fileSchema": "Bucket, Key, Size", "files": [{ "key": "1.csv.gz" }, { "key": "2.csv.gz" }],
        })
        .to_string()
    };
    inventories.put("manifest.json", manifest("CSV").into(), &text).await.unwrap();
    inventories.put("orc/manifest.json", manifest("ORC").into(), &text).await.unwrap();

    let state = home.path().join("state.json");
    let enqueue = |source: &str| {
        let wish = ["enqueue", source, "--queue", &url, "--out", "s3://out/", "--text", "© {index}"];
        stamp(&[&wish[..], &["--state", state.to_str().unwrap()]].concat(), &ministack, home.path())
    };
    assert!(said(&enqueue("s3://inventories/orc/manifest.json")).contains("have S3 write it as CSV"));
    // As a run that was broken off behind the first thousand has left it.
    let left = json!({ "source": "x", "queue": url, "sent": 1000, "after": "0:1000" });
    std::fs::write(&state, left.to_string()).unwrap();
    let sent = said(&enqueue("s3://inventories/manifest.json"));
    assert!(sent.starts_with("510 messages sent"), "{sent}");
    let messages = queue.receive(1000, Duration::ZERO, Duration::from_secs(60)).await.unwrap();
    let read = |body: &str| serde_json::from_str::<Value>(body).unwrap();
    let mut indices: Vec<_> =
        messages.iter().map(|message| read(&message.body)["index"].as_u64().unwrap()).collect();
    indices.sort_unstable();
    assert_eq!(indices, (1001..=1510).collect::<Vec<_>>());
    let body = read(&messages[0].body);
    let (picture, output) = (&body["picture"]["key"], &body["output"]["key"]);
    assert!(picture == output && picture.as_str().unwrap().starts_with("2026/Été "), "{body}");
}
