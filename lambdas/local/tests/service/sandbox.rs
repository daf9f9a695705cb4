//! What decodes pictures is confined without anybody asking for it.

use serde_json::json;
use stampede_emulators::children;

use crate::client::{Client, variant};
use crate::places::{Service, free_port};

#[tokio::test(flavor = "multi_thread")]
async fn decoders_are_confined_by_default() {
    if !std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nSeccomp:")) {
        eprintln!("confinement is not tested: the kernel has no seccomp");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let client = Client::new(&service.url).await;
    let ids = client.upload(&[variant("baseline-420.jpg")]).await;
    let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    let job = client.finished(job["id"].as_str().unwrap()).await;
    assert_eq!(job["counts"]["done"], 1, "{job}");
    // One that looks at uploads and one that stamps.
    let children = children(service.id());
    assert!(children.len() >= 2, "{children:?}");
    for status in children {
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"), "{status}");
    }
}
