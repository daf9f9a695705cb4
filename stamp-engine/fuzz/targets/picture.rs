//! Any bytes as a picture of any format: decoded, stamped and encoded, or refused. A picture that was
//! stamped is a picture of the same size.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use stamp_engine::{
    Cache, Format, Layer, Layout, Limits, Options, Path, Picture, Pixels, Placement, Samples, Size, Source,
    Stamp, Stamper, probe, thumbnail,
};

/// Headers promise any size; what is decoded of it is bounded here.
fn limits() -> Limits {
    Limits { pixels: 1 << 18, animation_pixels: 1 << 20, ..Limits::default() }
}

/// In the picture's own format, and as what holds the least and the most.
static STAMPERS: LazyLock<Vec<Stamper>> = LazyLock::new(|| {
    let soft = Samples::U8((0..24 * 24u32).flat_map(|n| [n, n * 3, n * 5, n * 7].map(|v| v as u8)).collect());
    let stamp = Stamp::from_pixels(Pixels::new(24, 24, Layout::Rgba, soft).expect("24 × 24 samples"));
    let stamp = Arc::new(stamp.expect("a stamp"));
    let cache = Arc::new(Cache::in_memory());
    let stamper = |format| {
        let placement = Placement { size: Size::Original, ..Placement::default() };
        let layer = Layer { source: Source::Stamp(Arc::clone(&stamp)), placement };
        let options = Options { path: Path::Pixel, format, limits: limits(), ..Options::default() };
        Stamper::new(vec![layer], options, Arc::clone(&cache)).expect("settings")
    };
    [None, Some(Format::Jpeg), Some(Format::Png)].into_iter().map(stamper).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(before) = probe(bytes, &limits()) else { return };
    for stamper in STAMPERS.iter() {
        let Ok(stamped) = stamper.stamp(Picture::from(bytes)) else { continue };
        let after = probe(&stamped.bytes, &Limits::default()).expect("what we write, we read");
        let viewed = |width, height, orientation: stamp_engine::Orientation| orientation.size(width, height);
        assert_eq!(
            viewed(before.width, before.height, before.orientation),
            viewed(after.width, after.height, after.orientation)
        );
    }
    let _ = thumbnail(bytes, 64, &limits());
});
