//! Any bytes as the ICC profile of a JPEG, of each kind of picture: kept where the format holds it, and
//! obeyed where it does not.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use stamp_engine::{
    Cache, Format, Ink, Layer, Layout, Options, Path, Picture, Pixels, Placement, Profile, Samples, Size,
    Source, Stamp, Stamper,
};

/// RGB, gray and CMYK.
static PICTURES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let gray = include_bytes!("../../../fixtures/pictures/variants/gray1.png");
    [
        include_bytes!("../../../fixtures/pictures/variants/one-pixel.jpg").to_vec(),
        STAMPERS[0].stamp(Picture::from(&gray[..])).expect("a sound picture").bytes,
        include_bytes!("../../../fixtures/pictures/variants/cmyk-adobe.jpg").to_vec(),
    ]
});

/// To JPEG, which holds profiles, and to BMP, which does not.
static STAMPERS: LazyLock<Vec<Stamper>> = LazyLock::new(|| {
    let red = Pixels::new(1, 1, Layout::Rgba, Samples::U8(vec![255, 0, 0, 128])).expect("four samples");
    let stamp = Arc::new(Stamp::from_pixels(red).expect("a stamp"));
    let stamper = |format| {
        let placement = Placement { size: Size::Original, linear: true, ..Placement::default() };
        let layer = Layer { source: Source::Stamp(Arc::clone(&stamp)), placement };
        let options = Options { path: Path::Pixel, format: Some(format), ..Options::default() };
        Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).expect("settings")
    };
    [Format::Jpeg, Format::Bmp].into_iter().map(stamper).collect()
});

/// The picture with the profile in front of everything else (ICC.1:2022, B.4); one segment's worth of it.
fn with_profile(jpeg: &[u8], icc: &[u8]) -> Vec<u8> {
    let icc = &icc[..icc.len().min(65_000)];
    let length = (icc.len() as u16 + 16).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe2], &length, b"ICC_PROFILE\0\x01\x01", icc, &jpeg[2..]].concat()
}

fuzz_target!(|bytes: &[u8]| {
    for ink in [Ink::Rgb, Ink::Gray, Ink::Cmyk] {
        let profile = Profile::from_icc(bytes, ink).expect("damaged profiles are ignored");
        let _ = profile.curve();
    }
    // The colour space that the profile names decides which picture it is for (ICC.1:2022, 7.2.8).
    let picture = match bytes.get(16..20) {
        Some(b"GRAY") => &PICTURES[1],
        Some(b"CMYK") => &PICTURES[2],
        _ => &PICTURES[0],
    };
    for stamper in STAMPERS.iter() {
        let picture = with_profile(picture, bytes);
        stamper.stamp(Picture::from(&picture[..])).expect("a sound picture with any profile");
    }
});
