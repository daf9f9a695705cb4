//! Whatever a scan holds, a walk from many places tells the serial walk's places.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stamp_engine::parts::Scan;

fuzz_target!(|bytes: &[u8]| {
    if let Some(scan) = Scan::open(bytes) {
        scan.compare_walks();
    }
});
