//! S3's event notifications (Amazon S3 User Guide, "Event message structure").

use serde::Deserialize;
use stampede_domain::message::Address;

/// What S3 tells: objects that have landed. Other events, and the one that S3 sends to try a queue, tell of
/// none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) landed: Vec<Address>,
    /// S3's own identifier of the request that put the first one there.
    pub(crate) request: Option<String>,
}

impl Notification {
    /// Reads one; `None` where it is something else.
    pub(crate) fn from_json(body: &str) -> Option<Self> {
        let event: Event = serde_json::from_str(body).ok()?;
        let (records, test) = (event.records, event.event);
        if records.is_none() && test.as_deref() != Some("s3:TestEvent") {
            return None;
        }
        let created =
            records.into_iter().flatten().filter(|record| record.name.starts_with("ObjectCreated:"));
        let created: Vec<_> = created.collect();
        let request = created.first().and_then(|record| record.response.request.clone());
        let landed = created
            .into_iter()
            .map(|record| Address { bucket: record.s3.bucket.name, key: unescaped(&record.s3.object.key) });
        Some(Self { landed: landed.collect(), request })
    }
}

/// Keys are escaped as the values of a form are.
fn unescaped(key: &str) -> String {
    let pair = format!("key={key}");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, key)| key.into_owned()).unwrap_or_default()
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    name: String,
    #[serde(rename = "responseElements", default)]
    response: Response,
    s3: Place,
}

#[derive(Default, Deserialize)]
struct Response {
    #[serde(rename = "x-amz-request-id")]
    request: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, key: &str) -> serde_json::Value {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
            "responseElements": { "x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "x" },
            "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": "in", "arn": "arn:aws:s3:::in" },
                    "object": { "key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e" } },
        })
    }

    #[test]
    fn keys_are_unescaped_and_only_what_landed_counts() {
        let body = json!({ "Records": [
            record("ObjectCreated:Put", "photos/%C3%89t%C3%A9+1%2B2.jpg"),
            record("ObjectRemoved:Delete", "photos/2.jpg"),
            record("ObjectCreated:CompleteMultipartUpload", "photos/a%3Db%26c.jpg"),
        ]});
        let read = Notification::from_json(&body.to_string()).unwrap();
        let keys: Vec<_> = read.landed.iter().map(|landed| &*landed.key).collect();
        assert_eq!(keys, ["photos/Été 1+2.jpg", "photos/a=b&c.jpg"]);
        assert_eq!(read.request.as_deref(), Some("C3D13FE58DE4C810"));
    }

    #[test]
    fn a_trial_is_a_notification_of_nothing_and_a_message_of_ours_is_none() {
        let trial = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "in" });
        assert!(Notification::from_json(&trial.to_string()).unwrap().landed.is_empty());
        for body in ["{\"version\": 1}", "rubbish", "{\"Records\": [{}]}", "[]"] {
            assert_eq!(Notification::from_json(body), None, "{body}");
        }
    }
}
