//! Does one of the engine's innermost parts some times, for count.py to count the instructions of. What is done
//! before is the same for any number of times, so that the difference of two counts is the part's own.

use std::hint::black_box;
use std::sync::Arc;

use stamp_engine::blend::{Mode, row_u8};
use stamp_engine::parts::Scan;
use stamp_engine::{Cache, Layer, Layout, Options, Path, Picture, Placement, Size, Source, Stamp, Stamper};
use stampede_benches::fixture;

fn main() {
    let [part, times] = &std::env::args().skip(1).collect::<Vec<_>>()[..] else {
        panic!("usage: stampede-instructions kernel|walk|copy|splice TIMES");
    };
    let jpeg = fixture("pictures/hubble_deep_field.jpg");
    let scan = Scan::open(&jpeg).unwrap();
    let stamper = stamper();
    let (mut picture, stamp) = (vec![90_u8; 3 * 4000], soft(4000));
    let mut out = Vec::with_capacity(jpeg.len() + 64);
    for _ in 0..times.parse::<usize>().unwrap() {
        match part.as_str() {
            "kernel" => {
                (0..100).for_each(|_| row_u8(Mode::Over, Layout::Rgb, black_box(&mut picture), &stamp))
            }
            "walk" => _ = black_box(scan.walk().unwrap()),
            "copy" => {
                out.clear();
                out = black_box(scan.copy_bits(3, std::mem::take(&mut out)));
            }
            "splice" => _ = black_box(stamper.stamp(Picture::from(&jpeg[..])).unwrap()),
            _ => panic!("there is no part {part}"),
        }
    }
}

fn stamper() -> Stamper {
    let logo = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let placement = Placement { size: Size::Original, opacity: 0.8, ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement };
    let options = Options { path: Path::Splice, ..Options::default() };
    let stamper = Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap();
    // The stamp is prepared with the first picture.
    stamper.stamp(Picture::from(&fixture("pictures/hubble_deep_field.jpg")[..])).unwrap();
    stamper
}

/// Premultiplied pixels of every alpha.
fn soft(width: usize) -> Vec<u8> {
    (0..width).flat_map(|x| [x as u8 / 2, x as u8 / 3, x as u8 / 4, x as u8]).collect()
}
