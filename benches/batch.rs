//! Forty photographs of 12 MP, file to file, on one core and on two; then the memory that the run
//! with two jobs takes at its height.

use std::fs;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::{Batch, Cache, FileJob, Layer, Options, Placement, Source, Stamp, Stamper, WriteOptions};
use stampede_benches::{fixture, twelve_megapixels};

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
    let stamper = Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory())).unwrap();
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    let run = |count: usize| {
        let results = Batch::new(&stamper).jobs(count).files(&jobs, &write, |_| {});
        assert!(results.iter().all(Result::is_ok));
    };

    let mut group = criterion.benchmark_group("40 JPEGs of 12 MP");
    group.sample_size(10).throughput(Throughput::Elements(PICTURES as u64));
    for count in [1, 2] {
        group.bench_function(format!("{count} at once"), |bencher| bencher.iter(|| run(count)));
    }
    group.finish();

    // Linux starts the count of the highest memory use again when 5 is written here.
    if fs::write("/proc/self/clear_refs", "5").is_ok() {
        run(2);
        println!("peak memory with 2 at once: {} MB", peak_kilobytes().unwrap_or(0) / 1000);
    }
}

fn peak_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

criterion_group!(benches, batch);
criterion_main!(benches);
