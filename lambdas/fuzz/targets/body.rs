//! Any bytes as what the API is asked with: the settings of a job, identifiers, traces and rules.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stampede_domain::id::JobId;
use stampede_domain::message::is_key;
use stampede_domain::rule::Prefix;
use stampede_domain::settings::Settings;
use stampede_domain::trace::TraceParent;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(settings) = serde_json::from_slice::<Settings>(bytes) {
        let _ = settings.resolve(None);
        let json = serde_json::to_vec(&settings).expect("what was read is written");
        assert_eq!(serde_json::from_slice::<Settings>(&json).ok(), Some(settings));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<JobId>() {
        assert_eq!(id.to_string().parse::<JobId>().ok(), Some(id));
    }
    let _ = (is_key(text), text.parse::<Prefix>(), text.parse::<TraceParent>());
});
