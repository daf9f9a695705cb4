//! What PNG encoding mostly is: a photograph of 12 MP, filtered as we filter it, deflated by each library at each of its
//! ways. The length of what each makes is printed, as time alone says nothing.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use stamp_engine::{
    Cache, Format, Layer, Limits, Options, Path, Picture, Placement, Source, Stamp, Stamper, probe,
};
use stampede_benches::fixture;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Strategy};

/// The photograph's rows, each behind the number of its filter (PNG, third edition, 9.2).
fn filtered() -> Vec<u8> {
    let logo = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement: Placement::default() };
    let options = Options { format: Some(Format::Png), path: Path::Pixel, ..Options::default() };
    let stamper = Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap();
    let png = stamper.stamp(Picture::from(&fixture("large/12mp-picosdeeuropa.jpg")[..])).unwrap().bytes;
    let head = probe(&png, &Limits::default()).unwrap();
    let mut rows = vec![0; (3 * head.width as usize + 1) * head.height as usize];
    let length = Decompressor::new().zlib_decompress(&image_data(&png), &mut rows).unwrap();
    assert_eq!(length, rows.len());
    rows
}

/// What the IDAT chunks hold (5.3: length, type, data, CRC).
fn image_data(png: &[u8]) -> Vec<u8> {
    let (mut data, mut rest) = (Vec::new(), &png[8..]);
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        if behind.starts_with(b"IDAT") {
            data.extend_from_slice(&behind[4..][..length]);
        }
        rest = &behind[length + 8..];
    }
    data
}

fn by_zlib_rs(rows: &[u8], config: DeflateConfig, room: &mut [u8]) -> usize {
    let mut deflate = Deflate::new_with_config(config);
    deflate.compress(rows, room, DeflateFlush::Finish).unwrap();
    deflate.total_out() as usize
}

fn by_libdeflate(rows: &[u8], level: i32, room: &mut [u8]) -> usize {
    Compressor::new(CompressionLvl::new(level).unwrap()).zlib_compress(rows, room).unwrap()
}

/// A way to compress rows into a buffer; the length of what it makes.
type Way = Box<dyn Fn(&[u8], &mut [u8]) -> usize>;

fn ways() -> Vec<(String, Way)> {
    let mut ways: Vec<(String, Way)> =
        vec![("fdeflate".to_owned(), Box::new(|rows, _| fdeflate::compress_to_vec(rows).len()))];
    for strategy in [Strategy::HuffmanOnly, Strategy::Rle] {
        let config = move || DeflateConfig { strategy, ..DeflateConfig::new(1) };
        ways.push((
            format!("zlib-rs, {strategy:?}"),
            Box::new(move |rows, room| by_zlib_rs(rows, config(), room)),
        ));
    }
    for level in 1..=3 {
        let name = format!("zlib-rs, level {level}");
        ways.push((name, Box::new(move |rows, room| by_zlib_rs(rows, DeflateConfig::new(level), room))));
    }
    for level in 1..=3 {
        let name = format!("libdeflate, level {level}");
        ways.push((name, Box::new(move |rows, room| by_libdeflate(rows, level, room))));
    }
    ways
}

fn deflate(criterion: &mut Criterion) {
    let rows = filtered();
    let mut room = vec![0; rows.len() + rows.len() / 8];
    let mut group = criterion.benchmark_group("12 MP of filtered rows, deflated");
    group.sample_size(10).throughput(Throughput::Bytes(rows.len() as u64));
    for (name, way) in ways() {
        println!("{name}: {:.1} MB of {:.1}", way(&rows, &mut room) as f64 / 1e6, rows.len() as f64 / 1e6);
        group.bench_function(name, |bencher| bencher.iter(|| way(&rows, &mut room)));
    }
    group.finish();
}

criterion_group!(benches, deflate);
criterion_main!(benches);
