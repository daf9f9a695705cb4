//! Any bytes as a stamp, an image or an SVG, drawn small.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use stamp_engine::{Cache, Layer, Options, Picture, Placement, Size, Source, Stamp, Stamper};

/// Black, of 64 × 48 pixels.
static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| bmp(64, 48));

/// The plainest picture there is: 24 bits a pixel, bottom up, nothing but zeros.
fn bmp(width: u32, height: u32) -> Vec<u8> {
    let data = vec![0; (width * height * 3) as usize];
    let length = (54 + data.len() as u32).to_le_bytes();
    let (width, height) = (width.to_le_bytes(), height.to_le_bytes());
    let info = [&40_u32.to_le_bytes()[..], &width, &height, &[1, 0, 24, 0], &[0; 24]].concat();
    [b"BM", &length[..], &[0; 4], &54_u32.to_le_bytes(), &info, &data].concat()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(stamp) = Stamp::from_bytes(bytes) else { return };
    // A stamp may be large; drawn, it is as small as it was asked for.
    let (width, height) = stamp.size();
    if width * height > 65_536.0 {
        return;
    }
    let placement = Placement { size: Size::Fit, ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(stamp)), placement };
    let stamper = Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory()));
    let _ = stamper.expect("settings").stamp(Picture::from(&PICTURE[..]));
});
