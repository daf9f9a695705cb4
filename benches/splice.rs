//! One 12 MP JPEG, bytes to bytes on one thread, a 600×600 stamp with soft edges: the splice path by
//! the place of the stamp, and by restart interval; beside it the pixel path, which is libjpeg-turbo
//! decoding, the same compositing, libjpeg-turbo encoding.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use stamp_engine::{Cache, Layer, Options, Path, Picture, Placement, Size, Source, Stamp, Stamper, Tile};
use stampede_benches::fixture;

fn stamper(at: &str, path: Path, tile: Option<Tile>) -> Stamper {
    let logo = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let placement = Placement { at: at.parse().unwrap(), size: Size::Original, tile, ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement };
    let options = Options { path, ..Options::default() };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

fn by_place(criterion: &mut Criterion) {
    let photograph = fixture("large/12mp-picosdeeuropa.jpg");
    let mut group = criterion.benchmark_group("12 MP JPEG, bytes to bytes");
    group.sample_size(20);
    let pixel = stamper("bottom-right", Path::Pixel, None);
    group.bench_function("pixel path", |bencher| {
        bencher.iter(|| pixel.stamp(Picture::from(&photograph[..])).unwrap());
    });
    for at in ["top-left", "top-right", "center", "bottom-left", "bottom-right"] {
        let splice = stamper(at, Path::Splice, None);
        group.bench_function(BenchmarkId::new("splice", at), |bencher| {
            bencher.iter(|| splice.stamp(Picture::from(&photograph[..])).unwrap());
        });
    }
    let tiled = stamper("top-left", Path::Splice, Some(Tile::default()));
    group.bench_function(BenchmarkId::new("splice", "tiled"), |bencher| {
        bencher.iter(|| tiled.stamp(Picture::from(&photograph[..])).unwrap());
    });
    group.finish();
}

/// The photograph at 4:2:0 with a restart marker after every `interval` MCUs; none for 0.
fn with_restarts(rgb: &turbojpeg::Image<Vec<u8>>, interval: u16) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 90);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if interval > 0 {
        encoder.set_restart_interval(interval);
    }
    let (width, height) = (rgb.width.try_into().unwrap(), rgb.height.try_into().unwrap());
    encoder.encode(&rgb.pixels, width, height, ColorType::Rgb).unwrap();
    jpeg
}

fn by_restart_interval(criterion: &mut Criterion) {
    let photograph = fixture("large/12mp-picosdeeuropa.jpg");
    let rgb = turbojpeg::decompress(&photograph, turbojpeg::PixelFormat::RGB).unwrap();
    let row_of_mcus = rgb.width.div_ceil(16).try_into().unwrap();
    let splice = stamper("bottom-right", Path::Splice, None);
    let mut group = criterion.benchmark_group("12 MP JPEG by restart interval, splice");
    group.sample_size(20);
    for interval in [0, 1, 16, row_of_mcus, 16 * row_of_mcus] {
        let jpeg = with_restarts(&rgb, interval);
        group.bench_function(format!("{interval} MCUs"), |bencher| {
            bencher.iter(|| splice.stamp(Picture::from(&jpeg[..])).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, by_place, by_restart_interval);
criterion_main!(benches);
