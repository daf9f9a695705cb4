//! One 12 MP photograph: what decoding it costs, and what putting a prepared 600×600 stamp on the
//! decoded pixels costs; beside it what two other libraries of Rust take for that.

use std::fs;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use stamp_engine::{
    Depth, Ink, Layout, Limits, Mix, Orientation, Pixels, Prepared, Profile, Request, Samples, Stamp,
    composite,
};
use stampede_benches::{fixture, twelve_megapixels};

/// The logo for pictures of 8-bit RGB.
fn prepared() -> Prepared {
    let stamp = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let request = Request {
        width: 600,
        height: 600,
        rotate: 0.0,
        opacity: 1.0,
        orientation: Orientation::Normal,
        ink: Ink::Rgb,
        depth: Depth::Eight,
        profile: Arc::new(Profile::srgb()),
    };
    Prepared::new(&stamp, &request).unwrap()
}

fn apply(criterion: &mut Criterion) {
    let bytes = fs::read(&twelve_megapixels(1)[0]).unwrap();
    let limits = Limits::default();
    let prepared = prepared();
    let mut pixels = Pixels::decode(&bytes, &limits).unwrap();

    let mut group = criterion.benchmark_group("12 MP JPEG");
    group.sample_size(20);
    group.bench_function("decode", |bencher| bencher.iter(|| Pixels::decode(&bytes, &limits).unwrap()));
    group.bench_function("apply a prepared 600x600 stamp", |bencher| {
        bencher.iter(|| composite(&mut pixels, &prepared, (3280, 2280), Mix::default()));
    });
    group.finish();
    overlays(criterion, &pixels, &prepared);
}

/// The compositing alone, on RGBA, which the others need.
fn overlays(criterion: &mut Criterion, pixels: &Pixels, prepared: &Prepared) {
    let (width, height) = (pixels.width(), pixels.height());
    let Samples::U8(rgb) = pixels.samples() else { panic!("a JPEG has 8 bits") };
    let rgba: Vec<u8> = rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    let logo = image::load_from_memory(&fixture("stamps/logo.png")).unwrap().into_rgba8();

    let mut group = criterion.benchmark_group("put 600x600 on 12 MP of RGBA");
    let mut ours = Pixels::new(width, height, Layout::Rgba, Samples::U8(rgba.clone())).unwrap();
    group.bench_function("stamp-engine", |bencher| {
        bencher.iter(|| composite(&mut ours, prepared, (3280, 2280), Mix::default()));
    });
    let mut theirs = image::RgbaImage::from_raw(width, height, rgba.clone()).unwrap();
    group.bench_function("image::imageops::overlay", |bencher| {
        bencher.iter(|| image::imageops::overlay(&mut theirs, &logo, 3280, 2280));
    });
    let size = tiny_skia::IntSize::from_wh(width, height).unwrap();
    let mut canvas = tiny_skia::Pixmap::from_vec(rgba, size).unwrap();
    let mut over = tiny_skia::Pixmap::new(600, 600).unwrap();
    for (to, from) in over.pixels_mut().iter_mut().zip(logo.pixels()) {
        let [r, g, b, a] = from.0;
        *to = tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
    }
    let paint = tiny_skia::PixmapPaint::default();
    group.bench_function("tiny-skia", |bencher| {
        let still = tiny_skia::Transform::identity();
        bencher.iter(|| canvas.draw_pixmap(3280, 2280, over.as_ref(), &paint, still, None));
    });
    group.finish();
}

criterion_group!(benches, apply);
criterion_main!(benches);
