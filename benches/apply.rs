//! One 12 MP photograph: what decoding it costs, and what putting a prepared 600×600 stamp on the
//! decoded pixels costs.

use std::fs;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use stamp_engine::{
    Depth, Ink, Limits, Mix, Orientation, Pixels, Prepared, Profile, Request, Stamp, composite,
};
use stampede_benches::{fixture, twelve_megapixels};

fn apply(criterion: &mut Criterion) {
    let bytes = fs::read(&twelve_megapixels(1)[0]).unwrap();
    let limits = Limits::default();
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
    let prepared = Prepared::new(&stamp, &request).unwrap();
    let mut pixels = Pixels::decode(&bytes, &limits).unwrap();

    let mut group = criterion.benchmark_group("12 MP JPEG");
    group.sample_size(20);
    group.bench_function("decode", |bencher| bencher.iter(|| Pixels::decode(&bytes, &limits).unwrap()));
    group.bench_function("apply a prepared 600x600 stamp", |bencher| {
        bencher.iter(|| composite(&mut pixels, &prepared, (3280, 2280), Mix::default()));
    });
    group.finish();
}

criterion_group!(benches, apply);
criterion_main!(benches);
