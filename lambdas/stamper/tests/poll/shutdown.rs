//! A stamper that is told to stop while it works.

use crate::places::{Place, Stamper, object_task, until};

const PICTURES: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_hand_is_finished_and_the_rest_is_left_to_others() {
    let Place { variables, store, queue, .. } = &Place::with_a_picture().await;
    let message = |number: usize| {
        object_task("pictures", "picture.jpg", "logo.png", &format!("out/{number}.jpg"), number as u64)
    };
    let messages: Vec<_> = (0..PICTURES).map(message).collect();
    assert!(queue.send(&messages).await.unwrap().iter().all(Result::is_ok));
    let outputs = async || store.list("out/", None, PICTURES).await.unwrap().len();

    let folder = tempfile::tempdir().unwrap();
    let stamper = Stamper::start(variables, &folder.path().join("log"));
    until("work has begun", async || outputs().await > 0).await;
    stamper.stop();
    let (done, depth) = (outputs().await, queue.depth().await.unwrap());
    assert!(done < PICTURES, "it was stopped too late");
    assert_eq!(depth.waiting + depth.in_flight, (PICTURES - done) as u64, "{done} are done: {depth:?}");

    let another = Stamper::start(variables, &folder.path().join("another"));
    until("all are stamped", async || outputs().await == PICTURES).await;
    another.stop();
}
