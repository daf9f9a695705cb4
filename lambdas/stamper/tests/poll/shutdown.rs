//! A stamper that is told to stop while it works.

use stampede_emulators::Ministack;
use stampede_store::About;

use crate::places::{Stamper, clients, fixture, object_task, until};

const PICTURES: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_hand_is_finished_and_the_rest_is_left_to_others() {
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
    let message = |number: usize| {
        object_task("pictures", "picture.jpg", "logo.png", &format!("out/{number}.jpg"), number as u64)
    };
    let messages: Vec<_> = (0..PICTURES).map(message).collect();
    assert!(queue.send(&messages).await.unwrap().iter().all(Result::is_ok));
    let outputs = async || store.list("out/", None, PICTURES).await.unwrap().len();

    let folder = tempfile::tempdir().unwrap();
    let stamper = Stamper::start(&variables, &folder.path().join("log"));
    until("work has begun", async || outputs().await > 0).await;
    stamper.stop();
    let (done, depth) = (outputs().await, queue.depth().await.unwrap());
    assert!(done < PICTURES, "it was stopped too late");
    assert_eq!(depth.waiting + depth.in_flight, (PICTURES - done) as u64, "{done} are done: {depth:?}");

    let another = Stamper::start(&variables, &folder.path().join("another"));
    until("all are stamped", async || outputs().await == PICTURES).await;
    another.stop();
}
