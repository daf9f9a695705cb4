//! Any bytes as the headers of a picture, and as the markers of a JPEG.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stamp_engine::parts::Scan;
use stamp_engine::{Format, Limits, Metadata, probe};

fuzz_target!(|bytes: &[u8]| {
    let _ = probe(bytes, &Limits::default());
    if let Some(format) = Format::of(bytes) {
        let metadata = Metadata::read(format, bytes);
        let _ = metadata.stripped().orientation();
    }
    let _ = Scan::open(bytes).map(|scan| scan.bytes());
});
