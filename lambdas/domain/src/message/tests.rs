use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::id::{JobId, OwnerId};
use crate::settings::Settings;

fn task() -> Task {
    Task {
        version: VERSION,
        job: JobId::from_bytes([1; 16]),
        item: 3,
        attempt: 1,
        owner: OwnerId::from_bytes([2; 16]),
        picture: PictureObject {
            key: "originals/own_02/pic_03".to_owned(),
            name: "Été.jpg".to_owned(),
            index: 4,
        },
        stamp: Some("stamps/own_02/stp_04".to_owned()),
        settings: Settings { at: Some("top".to_owned()), ..Settings::default() },
        output: "stamped/own_02/job_01".to_owned(),
        request: Some("req-1".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}

fn zip() -> Zip {
    Zip {
        version: VERSION,
        job: JobId::from_bytes([1; 16]),
        attempt: 2,
        owner: OwnerId::from_bytes([2; 16]),
        manifest: "zips/own_02/job_01/2.json".to_owned(),
        output: "zips/own_02/job_01/2.zip".to_owned(),
        request: None,
        traceparent: None,
    }
}

fn object() -> ObjectTask {
    let address = |key: &str| Address { bucket: "holiday".to_owned(), key: key.to_owned() };
    ObjectTask {
        version: VERSION,
        picture: address("2026//Été 1.jpg"),
        index: 0,
        stamp: Some(address("logo.png")),
        settings: Settings::default(),
        output: address("stamped/../1.jpg"),
        request: None,
        traceparent: None,
    }
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../schemas/message.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn what_is_written_is_read_and_fits_the_schema() {
    let bare = Task { stamp: None, request: None, traceparent: None, ..task() };
    let text = Settings { text: Some("© {year}".to_owned()), ..Settings::default() };
    let tasks = [task(), Task { settings: text, ..bare }].map(Message::Stamp);
    for message in tasks.into_iter().chain([Message::Zip(zip()), Message::Object(object())]) {
        assert_eq!(Message::from_json(message.to_json().as_bytes()), Ok(message.clone()));
        let json: Value = serde_json::from_str(&message.to_json()).unwrap();
        assert!(schema().is_valid(&json), "{json}");
    }
}

#[test]
fn parser_and_schema_refuse_the_same() {
    let stamp: Value = serde_json::from_str(&Message::Stamp(task()).to_json()).unwrap();
    let zip: Value = serde_json::from_str(&Message::Zip(zip()).to_json()).unwrap();
    for (at, value) in [
        ("/kind", json!("dance")),
        ("/kind", json!("zip")),
        ("/attempt", json!(0)),
        ("/attempt", json!(-1)),
        ("/item", json!("3")),
        ("/job", json!("job_1")),
        ("/owner", json!("job_01010101010101010101010101010101")),
        ("/picture/key", json!("../secrets")),
        ("/picture/key", json!("a//b")),
        ("/picture/key", json!("")),
        ("/output", json!("/absolute")),
        ("/stamp", json!("stamps/./x")),
        ("/settings/opacity", json!("much")),
        ("/picture/name", json!("n".repeat(2000))),
        ("/more", json!(1)),
        ("/manifest", json!("zips/../x")),
    ] {
        let mut bad = if at == "/manifest" { zip.clone() } else { stamp.clone() };
        match bad.pointer_mut(at) {
            Some(place) => *place = value,
            None => {
                let (parent, name) = at.rsplit_once('/').unwrap();
                bad.pointer_mut(parent).unwrap()[name] = value;
            }
        }
        let refused = Message::from_json(bad.to_string().as_bytes());
        assert!(matches!(refused, Err(Refused::Malformed(_))), "{at}: {refused:?}");
        assert!(!schema().is_valid(&bad), "{at}");
    }
}

#[test]
fn parser_and_schema_refuse_the_same_objects() {
    let whole: Value = serde_json::from_str(&Message::Object(object()).to_json()).unwrap();
    for (at, value) in [
        ("/picture/key", json!("")),
        ("/picture/key", json!("k".repeat(1025))),
        ("/output/bucket", json!("a/b")),
        ("/output/bucket", json!("")),
        ("/stamp", json!("logo.png")),
        ("/stamp", Value::Null),
        ("/index", json!(-1)),
        ("/picture/more", json!(1)),
    ] {
        let mut bad = whole.clone();
        let (parent, name) = at.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[name] = value;
        let refused = Message::from_json(bad.to_string().as_bytes());
        assert!(matches!(refused, Err(Refused::Malformed(_))), "{at}: {refused:?}");
        assert!(!schema().is_valid(&bad), "{at}");
    }
    // No schema says that two values differ.
    let itself = ObjectTask { output: object().picture, ..object() };
    let refused = Message::from_json(Message::Object(itself).to_json().as_bytes());
    assert!(matches!(refused, Err(Refused::Malformed(reason)) if reason.contains("replace the picture")));
}

/// The longest that an owner can have written: all of it is written out.
#[test]
fn the_longest_task_is_a_message() {
    let text = Some("\u{1}".repeat(1000));
    let settings = Settings { text, color: Some("\u{1}".repeat(100)), ..Settings::default() };
    let name = "\u{1}".repeat(255);
    let request = Some("r".repeat(128));
    let picture = PictureObject { name, ..task().picture };
    let message = Message::Stamp(Task { settings, picture, request, ..task() });
    assert!(message.to_json().len() < MOST_BYTES / 4);
    assert_eq!(Message::from_json(message.to_json().as_bytes()), Ok(message));
}

#[test]
fn whose_a_message_of_another_version_is_can_be_read() {
    let mut later: Value = serde_json::from_str(&Message::Stamp(task()).to_json()).unwrap();
    later["version"] = json!(2);
    later["more"] = json!("x".repeat(MOST_BYTES));
    assert!(Message::from_json(later.to_string().as_bytes()).is_err());
    assert_eq!(Message::item_of_any(later.to_string().as_bytes()), Some((task().job, 3, 1)));
    for other in ["", "{}", "[1]", &Message::Zip(zip()).to_json(), &Message::Object(object()).to_json()] {
        assert_eq!(Message::item_of_any(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn other_versions_are_told_apart_from_rubbish() {
    let later = json!({"version": 2, "anything": [1, 2, 3]}).to_string();
    assert_eq!(Message::from_json(later.as_bytes()), Err(Refused::Version(2)));
    assert!(matches!(Message::from_json(b"rubbish"), Err(Refused::Malformed(_))));
    assert!(matches!(Message::from_json(b"{}"), Err(Refused::Malformed(_))));
    let long = vec![b' '; MOST_BYTES + 1];
    assert_eq!(Message::from_json(&long), Err(Refused::Long(MOST_BYTES + 1)));
    let deep = [b"{\"version\":".repeat(3000), b"1".to_vec()].concat();
    assert!(matches!(Message::from_json(&deep), Err(Refused::Malformed(_))));
}

proptest! {
    /// Whatever an owner writes, a queue takes it (Amazon SQS API Reference, `SendMessage`).
    #[test]
    fn any_text_is_sent_in_characters_that_sqs_takes(text in "(\\PC|[\u{0}-\u{20}\u{fff0}-\u{10010}]){0,40}") {
        let settings = Settings { text: Some(text.clone()), ..Settings::default() };
        let picture = PictureObject { name: text, ..task().picture };
        let message = Message::Stamp(Task { settings, picture, ..task() });
        let json = message.to_json();
        prop_assert!(json.chars().all(|c| matches!(c, ' '..='\u{fffd}' | '\u{10000}'..)), "{json}");
        prop_assert_eq!(Message::from_json(json.as_bytes()), Ok(message));
    }

    #[test]
    fn changed_messages_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = Message::Stamp(task()).to_json().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(read) = Message::from_json(&text) {
            prop_assert_eq!(Message::from_json(read.to_json().as_bytes()), Ok(read));
        }
    }
}
