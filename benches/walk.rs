//! The parts of a splice, one thread: walking a scan from one place and from many, copying its bits
//! shifted, and changing blocks.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::parts::Scan;
use stamp_engine::{
    Cache, Layer, Layout, Length, Options, Path, Picture, Pixels, Placement, Samples, Size, Source, Stamp,
    Stamper, Tile,
};
use stampede_benches::fixture;

fn walk(criterion: &mut Criterion) {
    let bytes = fixture("large/12mp-picosdeeuropa.jpg");
    let scan = Scan::open(&bytes).unwrap();
    let mut group = criterion.benchmark_group("walk a scan of 12 MP");
    group.throughput(Throughput::Bytes(scan.bytes() as u64));
    group.sample_size(50);
    group.bench_function("one chain", |bencher| bencher.iter(|| scan.walk().unwrap()));
    for lanes in Scan::lanes() {
        group.bench_function(format!("{lanes} lanes"), |bencher| {
            bencher.iter(|| assert!(scan.walk_in(lanes)));
        });
    }
    if let Some(&lanes) = Scan::lanes().first() {
        group.bench_function(format!("2 threads, {lanes} lanes each"), |bencher| {
            bencher.iter(|| assert!(scan.walk_in_gangs(lanes, 2)));
        });
    }
    group.finish();
}

fn copy(criterion: &mut Criterion) {
    let bytes = fixture("large/12mp-picosdeeuropa.jpg");
    let scan = Scan::open(&bytes).unwrap();
    let mut group = criterion.benchmark_group("copy the bits of a scan");
    group.throughput(Throughput::Bytes(scan.bytes() as u64));
    let mut out = Vec::with_capacity(bytes.len() + 64);
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| {
            out.clear();
            out.extend_from_slice(black_box(&bytes[..scan.bytes()]));
        });
    });
    for (name, skipped) in [("whole bytes, stuffed", 8), ("shifted by 3 bits, stuffed", 3)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                out = scan.copy_bits(skipped, std::mem::take(&mut out));
            });
        });
    }
    group.finish();
}

/// A stamp of 256×256 tiled over all of the picture: every block is decoded, changed and coded again.
fn blocks(criterion: &mut Criterion) {
    let bytes = fixture("large/12mp-picosdeeuropa.jpg");
    let soft = Samples::U8([200, 30, 30, 120].repeat(256 * 256));
    let stamp = Stamp::from_pixels(Pixels::new(256, 256, Layout::Rgba, soft).unwrap()).unwrap();
    let tile = Some(Tile { gap: Length::Px(0.0), stagger: 0.0 });
    let placement = Placement { size: Size::Original, tile, margin: Length::Px(0.0), ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(stamp)), placement };
    let options = Options { path: Path::Splice, ..Options::default() };
    let stamper = Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap();
    let report = stamper.stamp(Picture::from(&bytes[..])).unwrap().report;
    let mut group = criterion.benchmark_group("change every block of 12 MP");
    group.throughput(Throughput::Elements(report.splice.unwrap().blocks));
    group.sample_size(20);
    group.bench_function("decoded, changed, coded", |bencher| {
        bencher.iter(|| stamper.stamp(Picture::from(&bytes[..])).unwrap());
    });
    group.finish();
}

criterion_group!(benches, walk, copy, blocks);
criterion_main!(benches);
