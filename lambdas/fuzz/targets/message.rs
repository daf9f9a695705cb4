//! Any bytes as what is on the queue: a message that is understood is the same when it is written and
//! read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stampede_domain::message::Message;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::from_json(bytes) else { return };
    let again = Message::from_json(message.to_json().as_bytes());
    assert_eq!(again.as_ref(), Ok(&message));
    let _ = (message.request(), message.traceparent());
});
