//! A prepared stamp: made new, found in the folder by a process that has just started, and found
//! in memory.

use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use stamp_engine::{Cache, CacheOptions, Depth, Ink, Orientation, Prepared, Profile, Request, Stamp};
use stampede_benches::fixture;

fn cache(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let options = CacheOptions { folder: Some(folder.path().join("cache")), ..CacheOptions::default() };
    let request = Request {
        width: 800,
        height: 800,
        rotate: 0.0,
        opacity: 0.8,
        orientation: Orientation::Normal,
        ink: Ink::Rgb,
        depth: Depth::Eight,
        profile: Arc::new(Profile::srgb()),
    };
    for name in ["logo.png", "logo.svg"] {
        let stamp = Stamp::from_bytes(&fixture(&format!("stamps/{name}"))).unwrap();
        let warm = Cache::new(options.clone());
        warm.get(&stamp, &request).unwrap();
        let mut group = criterion.benchmark_group(format!("{name} at 800x800"));
        group.sample_size(20);
        group.bench_function("prepare", |bencher| bencher.iter(|| Prepared::new(&stamp, &request).unwrap()));
        group.bench_function("ready from the folder", |bencher| {
            let new = || Cache::new(options.clone());
            bencher.iter_batched(new, |cache| cache.get(&stamp, &request).unwrap(), BatchSize::SmallInput);
        });
        group.bench_function("ready from memory", |bencher| {
            bencher.iter(|| warm.get(&stamp, &request).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, cache);
criterion_main!(benches);
