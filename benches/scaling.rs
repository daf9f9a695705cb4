//! How a batch grows: by jobs, by the size of its pictures, and by their number, up to ten thousand.
//! Before them the memory at its height after batches of ten and of ten thousand, which should be the
//! same.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::{
    Batch, Cache, FileJob, Layer, Options, Path, Placement, Source, Stamp, Stamper, WriteOptions,
};
use stampede_benches::{fixture, peak_kilobytes};

/// A JPEG of a quarter of a megapixel, so that ten thousand of them are done in some seconds.
const SMALL: &str = "pictures/variants/baseline-420.jpg";
const PHOTOGRAPH: &str = "large/12mp-picosdeeuropa.jpg";

fn stamper(path: Path) -> Stamper {
    let logo = Arc::new(Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap());
    let layer = Layer { source: Source::Stamp(logo), placement: Placement::default() };
    let options = Options { path, ..Options::default() };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

/// A file of `fixtures/`.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

/// The photograph's upper left corner of one megapixel, at 4:2:0 like itself.
fn corner(out: &std::path::Path) -> PathBuf {
    let whole = turbojpeg::decompress(&fixture(PHOTOGRAPH), turbojpeg::PixelFormat::RGB).unwrap();
    let (width, height) = (1152, 864);
    let corner = turbojpeg::Image { width, height, ..whole.as_deref() };
    let jpeg = turbojpeg::compress(corner, 90, turbojpeg::Subsamp::Sub2x2).unwrap();
    let path = out.join("corner.jpg");
    std::fs::write(&path, &jpeg).unwrap();
    path
}

/// One picture, over and over, to files that are each written over by later ones.
fn jobs(input: &std::path::Path, count: usize, out: &std::path::Path) -> Vec<FileJob> {
    let job = |index: usize| {
        let output = out.join(format!("{}.jpg", index % 64));
        FileJob { input: input.to_owned(), output, index: index as u64 }
    };
    (0..count).map(job).collect()
}

fn run(stamper: &Stamper, jobs: &[FileJob], at_once: usize) {
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    let results = Batch::new(stamper).jobs(at_once).files(jobs, &write, |_| {});
    assert!(results.iter().all(Result::is_ok));
}

fn length(criterion: &mut Criterion) {
    let out = tempfile::tempdir().unwrap();
    let stamper = stamper(Path::Auto);
    for count in [10, 100, 1000, 10_000] {
        let jobs = jobs(&file(SMALL), count, out.path());
        let start = Instant::now();
        run(&stamper, &jobs, 2);
        let (time, memory) = (start.elapsed() / count as u32, peak_kilobytes().unwrap_or(0) / 1000);
        println!("a batch of {count}: {time:?} a picture, peak memory so far {memory} MB");
    }
    let mut group = criterion.benchmark_group("by number of pictures");
    group.sample_size(10);
    for count in [10, 100, 1000, 10_000] {
        let jobs = jobs(&file(SMALL), count, out.path());
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| run(&stamper, &jobs, 2));
        });
    }
    group.finish();
}

fn sizes(criterion: &mut Criterion) {
    let out = tempfile::tempdir().unwrap();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sizes = [(1, corner(out.path()), 64), (12, file(PHOTOGRAPH), 16), (108, file("large/108mp.jpg"), 4)];
    for (path, name) in [(Path::Splice, "splice path"), (Path::Pixel, "pixel path")] {
        let stamper = stamper(path);
        let mut group = criterion.benchmark_group(format!("by size and jobs, {name}"));
        group.sample_size(10);
        for &(megapixels, ref picture, count) in &sizes {
            let jobs = jobs(picture, count, out.path());
            group.throughput(Throughput::Elements(count as u64));
            for at_once in (0..).map(|power| 1 << power).take_while(|&jobs| jobs <= cores) {
                let id = BenchmarkId::new(format!("{megapixels} MP"), format!("{at_once} at once"));
                group.bench_function(id, |bencher| bencher.iter(|| run(&stamper, &jobs, at_once)));
            }
        }
        group.finish();
    }
}

criterion_group!(benches, length, sizes);
criterion_main!(benches);
