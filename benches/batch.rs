//! Forty photographs of 12 MP, file to file, on one core and on two; before that, the memory that a
//! run with two jobs takes at its height.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::{
    Batch, Cache, FileJob, Layer, Options, Path, Placement, Source, Stamp, Stamper, WriteOptions,
};
use stampede_benches::{fixture, peak_kilobytes, twelve_megapixels};

const PICTURES: usize = 40;

fn batch(criterion: &mut Criterion) {
    let out = tempfile::tempdir().unwrap();
    let job = |(number, input)| {
        let output = out.path().join(format!("{number}.jpg"));
        FileJob { input, output, index: number as u64 }
    };
    let jobs: Vec<FileJob> = twelve_megapixels(PICTURES).into_iter().enumerate().map(job).collect();
    let logo = Arc::new(Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap());
    let layer = Layer { source: Source::Stamp(logo), placement: Placement::default() };
    let stamper = |path| {
        let options = Options { path, ..Options::default() };
        Stamper::new(vec![layer.clone()], options, Arc::new(Cache::in_memory())).unwrap()
    };
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    let run = |stamper: &Stamper, count: usize| {
        let results = Batch::new(stamper).jobs(count).files(&jobs, &write, |_| {});
        assert!(results.iter().all(Result::is_ok));
    };
    let pixel = stamper(Path::Pixel);
    // First of all, as a process that has just started.
    run(&pixel, 2);
    println!("peak memory with 2 at once, pixel path: {} MB", peak_kilobytes().unwrap_or(0) / 1000);

    for (name, stamper) in [("pixel path", pixel), ("default path", stamper(Path::Auto))] {
        let mut group = criterion.benchmark_group(format!("40 JPEGs of 12 MP, {name}"));
        group.sample_size(10).throughput(Throughput::Elements(PICTURES as u64));
        for count in [1, 2] {
            group.bench_function(format!("{count} at once"), |bencher| bencher.iter(|| run(&stamper, count)));
        }
        group.finish();
    }
}

criterion_group!(benches, batch);
criterion_main!(benches);
