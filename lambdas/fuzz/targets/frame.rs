//! Any bytes as what a decoder that somebody has taken over says to the service: frames are read to the end, or refused.

#![no_main]
#![allow(dead_code, unreachable_pub, reason = "the target needs but a part of these files")]

use libfuzzer_sys::fuzz_target;

#[path = "../../decoder/src/wire.rs"]
mod wire;
#[path = "../../decoder/src/work.rs"]
mod work;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while wire::read::<wire::Told>(&mut rest).is_ok() {}
    let mut rest = bytes;
    while wire::read::<wire::Asked>(&mut rest).is_ok() {}
});
