//! Properties of the splice path, seen through the library.

use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;

use image::RgbImage;
use proptest::prelude::*;
use stamp_engine::{
    At, Cache, Layer, Length, Options, Path, Picture, Placement, Size, Source, Stamp, Stamper, Way,
};

/// A picture of a scan a component is not among them: zune-jpeg, which decodes here, shows differences
/// far from the stamp where libjpeg-turbo shows none; why is not known. The coefficients of such a
/// picture are compared in `cli/splice.rs`.
const NAMES: [&str; 6] = [
    "baseline-420.jpg",
    "baseline-411.jpg",
    "restart-every-7.jpg",
    "optimised-huffman.jpg",
    "progressive-420.jpg",
    "gray.jpg",
];

fn read(name: &str) -> Vec<u8> {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// Puts the logo, 90 pixels wide, at a point by splicing.
fn splice(bytes: &[u8], at: (i32, i32)) -> Vec<u8> {
    let stamped = stamper(at).stamp(Picture::from(bytes)).unwrap();
    assert_eq!(stamped.report.way, Way::Splice);
    stamped.bytes
}

/// Splices or refuses.
fn stamper(at: (i32, i32)) -> Stamper {
    let logo = Arc::new(Stamp::from_bytes(&read("stamps/logo.png")).unwrap());
    let placement = Placement {
        at: At::Point(Length::Px(at.0.into()), Length::Px(at.1.into())),
        size: Size::Width(Length::Px(90.0)),
        ..Placement::default()
    };
    let options = Options { path: Path::Splice, ..Options::default() };
    let layer = Layer { source: Source::Stamp(logo), placement };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

/// Decoded by the `image` crate's own reader.
fn decode(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_place_changes_nothing_far_from_it(name in prop::sample::select(&NAMES[..]), x in -120i32..640, y in -120i32..540) {
        let bytes = read(&format!("pictures/variants/{name}"));
        let (before, after) = (decode(&bytes), decode(&splice(&bytes, (x, y))));
        prop_assert_eq!(before.dimensions(), after.dimensions());
        // An MCU, and the decoder's smoothing of chroma into the next.
        const REACH: i32 = 40;
        for (before, after) in before.enumerate_pixels().zip(after.enumerate_pixels()) {
            let (column, row) = (before.0 as i32, before.1 as i32);
            let near = (x - REACH..x + 90 + REACH).contains(&column) && (y - REACH..y + 90 + REACH).contains(&row);
            prop_assert!(near || before.2 == after.2, "{}: {},{}", name, column, row);
        }
    }

    #[test]
    fn two_disjoint_stamps_may_come_in_either_order(
        name in prop::sample::select(&NAMES[..]), x in -50i32..150, y in -50i32..60, dx in 180i32..260, dy in 150i32..220,
    ) {
        let bytes = read(&format!("pictures/variants/{name}"));
        let (one, other) = ((x, y), (x + dx, y + dy));
        let forth = splice(&splice(&bytes, one), other);
        let back = splice(&splice(&bytes, other), one);
        prop_assert!(decode(&forth) == decode(&back), "{}: {:?} and {:?}", name, one, other);
    }
}

/// Lengths of the picture's data vary with the first stamp, and with them the bits that fill its last byte,
/// up to which the second one's walk may come: with tables as short as these they need not be a code.
#[test]
fn the_last_rows_are_reached_whatever_fills_the_last_byte() {
    let bytes = read("pictures/variants/optimised-huffman.jpg");
    let (width, height) = decode(&bytes).dimensions();
    for step in 0..60 {
        let once = splice(&bytes, (step * 5, step * 3));
        let twice = splice(&once, (width as i32 - 95, height as i32 - 95));
        assert_eq!(decode(&twice).dimensions(), (width, height), "{step}");
    }
}

/// Decoders let pass a scan that refines what no scan before it left. Written again with new blocks, it held codes
/// that no table has.
#[test]
fn scans_that_do_not_follow_from_one_another_are_not_written_again() {
    let mut bytes = read("pictures/variants/progressive-420.jpg");
    let sos = bytes.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap();
    let last = sos + 1 + usize::from(bytes[sos + 3]);
    assert_eq!(bytes[last], 0x10, "the lowest bits come last");
    bytes[last] = 0x21;
    let fault = stamper((10, 10)).stamp(Picture::from(&bytes[..])).unwrap_err();
    assert!(fault.to_string().contains("do not follow from one another"), "{fault}");
}
