//! Any text as what S3 tells of what has landed: it is an event or it is none.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../stamper/src/notification.rs"]
mod notification;

fuzz_target!(|text: &str| {
    if let Some(notification) = notification::Notification::from_json(text) {
        assert!(notification.landed.len() <= text.len());
    }
});
