//! Any bytes where a signature is asked for: what is not signed is refused, and what is signed, read.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stampede_domain::callback::{Callback, Refused};
use stampede_domain::signature::{Secret, Use};
use stampede_domain::token::{ApiToken, Session};
use stampede_domain::upload::Policy;

const NOW: u64 = 1_800_000_000;
static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new([7; 32]).expect("32 bytes"));

fuzz_target!(|bytes: &[u8]| {
    let signature = SECRET.sign(Use::Callback, &[&NOW.to_be_bytes(), bytes]);
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let opened = Callback::open(bytes, &format!("t={NOW},v1={hex}"), &SECRET, NOW);
    assert!(!matches!(opened, Err(Refused::Forged | Refused::OutOfTime)));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    assert!(Callback::open(rest.as_bytes(), first, &SECRET, NOW).is_err());
    assert!(Session::from_token(text, &SECRET, NOW).is_err());
    assert!(Policy::from_form(first, rest, &SECRET, NOW).is_err());
    let _ = text.parse::<ApiToken>().map(|token| token.hash());
});
