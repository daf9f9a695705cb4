//! What decodes pictures for a stamper in a container is confined without anybody asking for it.

use stampede_emulators::Ministack;
use stampede_store::About;

use crate::places::{Stamper, clients, fixture, object_task, until};

/// `/proc/PID/status` of the processes that a process has started.
fn children(parent: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    // One that ends meanwhile is none.
    let status = processes.filter_map(|process| std::fs::read_to_string(process.path().join("status")).ok());
    status.filter(|status| status.lines().any(|line| line == format!("PPid:\t{parent}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn decoders_are_confined_by_default() {
    if !std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nSeccomp:")) {
        eprintln!("confinement is not tested: the kernel has no seccomp");
        return;
    }
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
    ministack.bucket("pictures").await.unwrap();
    let mut variables = ministack.variables().to_vec();
    for (name, value) in [("STAMPEDE_QUEUE", &*url), ("STAMPEDE_DEAD_LETTERS", &dead)] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let (store, queue) = clients(&ministack, "pictures", &url, &dead);
    store.put("logo.png", fixture("stamps/logo.png"), &About::of_type("image/png")).await.unwrap();
    let picture = fixture("pictures/variants/baseline-420.jpg");
    store.put("picture.jpg", picture, &About::of_type("image/jpeg")).await.unwrap();
    let sent = queue.send(&[object_task("pictures", "picture.jpg", "logo.png", "out.jpg", 0)]).await.unwrap();
    assert!(sent.iter().all(Result::is_ok));

    let folder = tempfile::tempdir().unwrap();
    let stamper = Stamper::start(&variables, &folder.path().join("log"));
    until("it is stamped", async || store.head("out.jpg").await.unwrap().is_some()).await;
    let children = children(stamper.id());
    assert!(!children.is_empty());
    for status in children {
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"), "{status}");
    }
    stamper.stop();
}
