//! From an opened stamp to a bitmap ready to apply, in a process that has just started: prepared
//! (an image is decoded only now) and found in the folder. Beside them what a process that has
//! prepared it before spends: to prepare it once more, and to find it in memory.

use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use stamp_engine::{
    Cache, CacheOptions, Depth, Ink, Length, Orientation, Prepared, Profile, Request, Stamp, TextStyle,
};
use stampede_benches::fixture;

/// A stamp as it comes to a program.
enum Source {
    File(Vec<u8>),
    Text(&'static str),
}

impl Source {
    fn open(&self) -> Stamp {
        match self {
            Self::File(bytes) => Stamp::from_bytes(bytes).unwrap(),
            Self::Text(text) => {
                let style = TextStyle { font: None, size: Length::Px(64.0), color: [255; 4] };
                Stamp::text(text, &style, 64.0).unwrap()
            }
        }
    }
}

fn cache(criterion: &mut Criterion) {
    let file = |name: &str| Source::File(fixture(&format!("stamps/{name}")));
    let text = Source::Text("© 2026 The people of Stampede");
    compare(criterion, "logo.png, resized to 800x800", &file("logo.png"), Some((800, 800)));
    compare(criterion, "logo.png, its own 600x600", &file("logo.png"), None);
    compare(criterion, "badge.png, its own 460x160", &file("badge.png"), None);
    compare(criterion, "logo.svg at 800x800", &file("logo.svg"), Some((800, 800)));
    compare(criterion, "text of 64 pixels", &text, None);
}

fn compare(criterion: &mut Criterion, name: &str, source: &Source, size: Option<(u32, u32)>) {
    let folder = tempfile::tempdir().unwrap();
    let options = CacheOptions { folder: Some(folder.path().join("cache")), ..CacheOptions::default() };
    let stamp = source.open();
    let own = stamp.size();
    let (width, height) = size.unwrap_or((own.0.ceil() as u32, own.1.ceil() as u32));
    let request = Request {
        width,
        height,
        rotate: 0.0,
        opacity: 0.8,
        orientation: Orientation::Normal,
        ink: Ink::Rgb,
        depth: Depth::Eight,
        profile: Arc::new(Profile::srgb()),
    };
    let warm = Cache::new(options.clone());
    warm.get(&stamp, &request).unwrap();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("prepared", |bencher| {
        let open = || source.open();
        bencher.iter_batched(open, |stamp| Prepared::new(&stamp, &request).unwrap(), BatchSize::SmallInput);
    });
    group.bench_function("found in the folder", |bencher| {
        let open = || (source.open(), Cache::new(options.clone()));
        let get = |(stamp, cache): (Stamp, Cache)| cache.get(&stamp, &request).unwrap();
        bencher.iter_batched(open, get, BatchSize::SmallInput);
    });
    group.bench_function("prepared once more", |bencher| {
        bencher.iter(|| Prepared::new(&stamp, &request).unwrap());
    });
    group.bench_function("found in memory", |bencher| bencher.iter(|| warm.get(&stamp, &request).unwrap()));
    group.finish();
}

criterion_group!(benches, cache);
criterion_main!(benches);
