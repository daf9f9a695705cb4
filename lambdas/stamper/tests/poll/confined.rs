//! What decodes pictures for a stamper in a container is confined without anybody asking for it.

use stampede_emulators::children;

use crate::places::{Place, Stamper, object_task, until};

#[tokio::test(flavor = "multi_thread")]
async fn decoders_are_confined_by_default() {
    if !std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nSeccomp:")) {
        eprintln!("confinement is not tested: the kernel has no seccomp");
        return;
    }
    let Place { variables, store, queue, .. } = &Place::with_a_picture().await;
    let sent = queue.send(&[object_task("pictures", "picture.jpg", "logo.png", "out.jpg", 0)]).await.unwrap();
    assert!(sent.iter().all(Result::is_ok));

    let folder = tempfile::tempdir().unwrap();
    let stamper = Stamper::start(variables, &folder.path().join("log"));
    until("it is stamped", async || store.head("out.jpg").await.unwrap().is_some()).await;
    let children = children(stamper.id());
    assert!(!children.is_empty());
    for status in children {
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"), "{status}");
    }
    stamper.stop();
}
