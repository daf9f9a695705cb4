//! Any bytes are spliced or refused. A picture that was spliced is spliced again: what we write, we
//! read, unless it was damaged behind the stamp, where nothing is read.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use stamp_engine::{
    At, Cache, Gravity, Layer, Layout, Length, Limits, Options, Path, Picture, Pixels, Placement, Samples,
    Size, Source, Stamp, Stamper, probe,
};

/// By where the stamp goes and whether damage is let pass.
static STAMPERS: LazyLock<Vec<Stamper>> = LazyLock::new(|| {
    let soft = Samples::U8((0..24 * 24u32).flat_map(|n| [n, n * 3, n * 5, n * 7].map(|v| v as u8)).collect());
    let stamp = Stamp::from_pixels(Pixels::new(24, 24, Layout::Rgba, soft).expect("24 × 24 samples"));
    let stamp = Arc::new(stamp.expect("a stamp"));
    let cache = Arc::new(Cache::in_memory());
    let stamper = |gravity, lenient| {
        let placement = Placement {
            at: At::Gravity(gravity),
            size: Size::Original,
            margin: Length::Px(3.0),
            ..Placement::default()
        };
        let layer = Layer { source: Source::Stamp(Arc::clone(&stamp)), placement };
        // A frame header may promise any size; what is decoded of it is bounded here.
        let limits = Limits { pixels: 1 << 20, ..Limits::default() };
        let options = Options { path: Path::Splice, lenient, limits, ..Options::default() };
        Stamper::new(vec![layer], options, Arc::clone(&cache)).expect("settings")
    };
    let places = [Gravity::TopLeft, Gravity::Center, Gravity::BottomRight];
    places.into_iter().flat_map(|place| [false, true].map(|lenient| stamper(place, lenient))).collect()
});

fuzz_target!(|bytes: &[u8]| {
    for stamper in STAMPERS.iter() {
        let Ok(stamped) = stamper.stamp(Picture::from(bytes)) else { continue };
        let size = |bytes: &[u8]| probe(bytes, &Limits::default()).map(|probe| (probe.width, probe.height));
        assert_eq!(size(bytes).ok(), size(&stamped.bytes).ok());
        if let Err(error) = stamper.stamp(Picture::from(&stamped.bytes[..]))
            && is_whole(bytes)
        {
            panic!("what was written cannot be stamped again: {error}");
        }
    }
});

/// Whether a stamp at the end is taken, for which all is read; the very last lets damage pass.
fn is_whole(bytes: &[u8]) -> bool {
    STAMPERS.iter().nth_back(1).is_some_and(|strict| strict.stamp(Picture::from(bytes)).is_ok())
}
