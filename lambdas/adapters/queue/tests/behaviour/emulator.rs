//! Queues on servers that speak as SQS does.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use stampede_emulators::{Ministack, Moto};
use stampede_queue::{MOST_RECEIVES, Queue, Sqs};

/// One server for the tests that run at the same time: it ends with the last of them.
static MINISTACK: Mutex<Weak<Ministack>> = Mutex::new(Weak::new());
static MOTO: Mutex<Weak<Moto>> = Mutex::new(Weak::new());

/// A queue of its own, and what it needs.
pub(crate) async fn ministack() -> (Queue, Box<dyn Any>) {
    let server = shared(&MINISTACK, || Ministack::start().unwrap());
    (queue_at(&server.endpoint).await, Box::new(server))
}

/// A queue of its own, and what it needs.
pub(crate) async fn moto() -> (Queue, Box<dyn Any>) {
    let server = shared(&MOTO, || Moto::start().unwrap());
    (queue_at(&server.endpoint).await, Box::new(server))
}

fn shared<T>(server: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut shared = server.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start());
        *shared = Arc::downgrade(&server);
        server
    })
}

async fn queue_at(endpoint: &str) -> Queue {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let anybody = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(anybody))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::new(&config);
    let dead = client.create_queue().queue_name(format!("dead-{number}")).send().await.unwrap();
    let dead = dead.queue_url.unwrap();
    let arn = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = arn.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
    let policy = format!(r#"{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "{MOST_RECEIVES}"}}"#);
    let main = client.create_queue().queue_name(format!("main-{number}"));
    let main = main.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    Queue::Sqs(Sqs::new(&config, main.queue_url.unwrap(), Some(dead)))
}
