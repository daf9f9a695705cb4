//! One 12 MP JPEG, bytes to bytes on one thread, a 600×600 stamp with soft edges: the splice path at
//! the bottom right (the whole scan is walked) and at the top left, and with restart markers; beside
//! it the pixel path, which is libjpeg-turbo decoding, the same compositing, libjpeg-turbo encoding.

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use stamp_engine::{Cache, Layer, Options, Path, Picture, Placement, Size, Source, Stamp, Stamper};
use stampede_benches::fixture;

fn stamper(at: &str, path: Path) -> Stamper {
    let logo = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let placement = Placement { at: at.parse().unwrap(), size: Size::Original, ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement };
    let options = Options { path, ..Options::default() };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

fn splice(criterion: &mut Criterion) {
    let plain = fixture("large/12mp-picosdeeuropa.jpg");
    let restart = fixture("large/12mp-restart.jpg");
    let mut group = criterion.benchmark_group("12 MP JPEG, bytes to bytes");
    group.sample_size(20);
    for (name, bytes, at, path) in [
        ("pixel path", &plain, "bottom-right", Path::Pixel),
        ("splice, bottom right", &plain, "bottom-right", Path::Splice),
        ("splice, top left", &plain, "top-left", Path::Splice),
        ("splice, restart markers, bottom right", &restart, "bottom-right", Path::Splice),
    ] {
        let stamper = stamper(at, path);
        group.bench_function(name, |bencher| {
            bencher.iter(|| stamper.stamp(Picture::from(&bytes[..])).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, splice);
criterion_main!(benches);
