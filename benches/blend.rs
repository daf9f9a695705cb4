//! The compositing kernels over a picture of 4000×3000 pixels in memory, row by row on one thread,
//! beside the yardstick: a plain loop over the same rows that reads both and writes one.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::blend::{Curve, Mode, row_linear_u8, row_linear_u16, row_u8, row_u16};
use stamp_engine::{Ink, Layout};

const WIDTH: usize = 4000;
const HEIGHT: usize = 3000;

const MODES: [Mode; 7] =
    [Mode::Over, Mode::Multiply, Mode::Screen, Mode::Overlay, Mode::Darken, Mode::Lighten, Mode::SoftLight];

const LAYOUTS: [(Layout, Ink); 5] = [
    (Layout::Gray, Ink::Gray),
    (Layout::GrayAlpha, Ink::Gray),
    (Layout::Rgb, Ink::Rgb),
    (Layout::Rgba, Ink::Rgb),
    (Layout::Cmyk, Ink::Cmyk),
];

/// The alpha of a stamp or picture.
#[derive(Clone, Copy, Debug)]
enum Alpha {
    /// Any, changing from pixel to pixel.
    Soft,
    /// Any below half: however often such a stamp is put on, the picture's alpha stays below full.
    Faint,
    /// Full.
    Opaque,
    /// None on three quarters of each row, full on the rest but for a soft pixel at either edge.
    Logo,
}

/// 8-bit pixels of `channels` samples, the last one alpha and the others at most alpha.
fn pixels(channels: usize, alpha: Alpha) -> Vec<u8> {
    let mut random = 0x2545_F491_u32;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        (random >> 8) as u8
    };
    let mut row = Vec::with_capacity(WIDTH * HEIGHT * channels);
    for pixel in 0..WIDTH * HEIGHT {
        let alpha = match (alpha, pixel % 800) {
            (Alpha::Soft, _) | (Alpha::Logo, 600 | 799) => next(),
            (Alpha::Faint, _) => next() / 2,
            (Alpha::Logo, 0..600) => 0,
            (Alpha::Opaque | Alpha::Logo, _) => 255,
        };
        for _ in 1..channels {
            row.push((u32::from(next()) * u32::from(alpha) / 255) as u8);
        }
        row.push(alpha);
    }
    row
}

fn picture(layout: Layout, alpha: Alpha) -> Vec<u8> {
    // A picture without alpha is one of any samples.
    pixels(layout.channels(), if layout.has_alpha() { alpha } else { Alpha::Opaque })
}

fn sixteen(samples: &[u8]) -> Vec<u16> {
    samples.iter().map(|&sample| u16::from(sample) * 257).collect()
}

/// Runs `row` over all rows of the picture, and counts what it reads and writes.
fn rows<T: Copy>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    picture: &[T],
    stamp: &[T],
    row: impl Fn(&mut [T], &[T]),
) {
    let mut picture = picture.to_vec();
    let (under, over) = (picture.len() / HEIGHT, stamp.len() / HEIGHT);
    group.throughput(Throughput::Bytes((2 * size_of_val(&picture[..]) + size_of_val(stamp)) as u64));
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            for (picture, stamp) in picture.chunks_exact_mut(under).zip(stamp.chunks_exact(over)) {
                row(black_box(picture), black_box(stamp));
            }
        });
    });
}

/// The yardstick, over rows of equal length.
fn plain_loop(picture: &mut [u8], stamp: &[u8]) {
    for (sample, s) in picture.iter_mut().zip(stamp) {
        *sample ^= s;
    }
}

fn plain_loop_16(picture: &mut [u16], stamp: &[u16]) {
    for (sample, s) in picture.iter_mut().zip(stamp) {
        *sample ^= s;
    }
}

fn over(criterion: &mut Criterion) {
    for (layout, ink) in LAYOUTS {
        let mut group = criterion.benchmark_group(format!("{layout:?}8"));
        let under = picture(layout, Alpha::Opaque);
        // The yardstick's stamp has the picture's channels: it reads and writes whole rows.
        let same = picture(layout, Alpha::Opaque);
        rows(&mut group, BenchmarkId::from_parameter("plain loop"), &under, &same, plain_loop);
        for alpha in [Alpha::Soft, Alpha::Opaque, Alpha::Logo] {
            let stamp = pixels(ink.channels(), alpha);
            let id = BenchmarkId::new("Over", format!("{alpha:?} stamp"));
            rows(&mut group, id, &under, &stamp, |p, s| row_u8(Mode::Over, layout, p, s));
        }
        if layout.has_alpha() {
            let (under, stamp) = (picture(layout, Alpha::Faint), pixels(ink.channels(), Alpha::Faint));
            let id = BenchmarkId::new("Over", "Faint stamp, Faint picture");
            rows(&mut group, id, &under, &stamp, |p, s| row_u8(Mode::Over, layout, p, s));
        }
        group.finish();
    }
}

fn over_16(criterion: &mut Criterion) {
    for (layout, ink) in LAYOUTS {
        let mut group = criterion.benchmark_group(format!("{layout:?}16"));
        let under = sixteen(&picture(layout, Alpha::Opaque));
        rows(&mut group, BenchmarkId::from_parameter("plain loop"), &under, &under, plain_loop_16);
        let stamp = sixteen(&pixels(ink.channels(), Alpha::Soft));
        let id = BenchmarkId::new("Over", "Soft stamp");
        rows(&mut group, id, &under, &stamp, |p, s| row_u16(Mode::Over, layout, p, s));
        group.finish();
    }
}

fn modes(criterion: &mut Criterion) {
    for (layout, ink) in LAYOUTS {
        let mut group = criterion.benchmark_group(format!("{layout:?}8 modes"));
        let under = picture(layout, Alpha::Opaque);
        rows(&mut group, BenchmarkId::from_parameter("plain loop"), &under, &under, plain_loop);
        let stamp = pixels(ink.channels(), Alpha::Soft);
        for mode in MODES {
            let id = BenchmarkId::from_parameter(format!("{mode:?}"));
            rows(&mut group, id, &under, &stamp, |p, s| row_u8(mode, layout, p, s));
        }
        group.finish();
    }
}

fn linear(criterion: &mut Criterion) {
    criterion.bench_function("Curve::srgb", |bencher| bencher.iter(Curve::srgb));
    let mut group = criterion.benchmark_group("linear light");
    let curve = Curve::srgb();
    let under = picture(Layout::Rgb, Alpha::Opaque);
    rows(&mut group, BenchmarkId::from_parameter("plain loop"), &under, &under, plain_loop);
    let stamp = pixels(4, Alpha::Soft);
    rows(&mut group, BenchmarkId::from_parameter("Rgb8"), &under, &stamp, |p, s| {
        row_linear_u8(Mode::Over, Layout::Rgb, p, s, &curve);
    });
    let (under, stamp) = (sixteen(&under), sixteen(&stamp));
    rows(&mut group, BenchmarkId::from_parameter("Rgb16"), &under, &stamp, |p, s| {
        row_linear_u16(Mode::Over, Layout::Rgb, p, s, &curve);
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = over, over_16, modes, linear
}
criterion_main!(benches);
