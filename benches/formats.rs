//! One photograph of 12 MP, bytes to bytes on one thread, a 600×600 stamp: the pixel path from each
//! format to itself, and from JPEG to each other one. Beside JPEG the splice path, and what the pixel
//! path cannot be faster than: libjpeg-turbo's own two halves.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stamp_engine::{
    Cache, EncodeOptions, Format, Layer, Limits, Options, Path, Picture, Pixels, Placement, Size, Source,
    Stamp, Stamper, probe,
};
use stampede_benches::fixture;
use turbojpeg::{Compressor, Decompressor, Subsamp, YuvImage};

fn stamper(format: Format, path: Path) -> Stamper {
    let logo = Stamp::from_bytes(&fixture("stamps/logo.png")).unwrap();
    let placement = Placement { size: Size::Original, opacity: 0.8, ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement };
    let encode = EncodeOptions { quality: Some(85), ..EncodeOptions::default() };
    let encode = if path == Path::Splice { EncodeOptions::default() } else { encode };
    let options = Options { format: Some(format), path, encode, ..Options::default() };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

/// The photograph in `format`.
fn photograph(jpeg: &[u8], format: Format) -> Vec<u8> {
    match format {
        Format::Jpeg => jpeg.to_vec(),
        Format::Png => fixture("large/12mp-picosdeeuropa.png"),
        Format::WebP => fixture("large/12mp.webp"),
        _ => stamper(format, Path::Pixel).stamp(Picture::from(jpeg)).unwrap().bytes,
    }
}

fn formats(criterion: &mut Criterion) {
    let jpeg = fixture("large/12mp-picosdeeuropa.jpg");
    let head = probe(&jpeg, &Limits::default()).unwrap();
    let mut group = criterion.benchmark_group("12 MP by format, bytes to bytes");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(head.width) * u64::from(head.height)));
    // AVIF takes many seconds, GIF's colours are chosen anew: neither is for photographs in bulk.
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff, Format::Bmp] {
        let picture = photograph(&jpeg, format);
        let same = stamper(format, Path::Pixel);
        group.bench_function(format!("{format} to {format}, pixel path"), |bencher| {
            bencher.iter(|| same.stamp(Picture::from(&picture[..])).unwrap());
        });
        if format != Format::Jpeg {
            group.bench_function(format!("JPEG to {format}"), |bencher| {
                bencher.iter(|| same.stamp(Picture::from(&jpeg[..])).unwrap());
            });
        }
    }
    let splice = stamper(Format::Jpeg, Path::Splice);
    group.bench_function("JPEG to JPEG, splice path", |bencher| {
        bencher.iter(|| splice.stamp(Picture::from(&jpeg[..])).unwrap());
    });
    group.finish();
}

/// libjpeg-turbo by itself, through RGB and in the JPEG's own planes.
fn halves(criterion: &mut Criterion) {
    let jpeg = fixture("large/12mp-picosdeeuropa.jpg");
    let mut group = criterion.benchmark_group("libjpeg-turbo, 12 MP 4:2:0");
    group.sample_size(10);
    let limits = Limits::default();
    group.bench_function("to RGB", |bencher| bencher.iter(|| Pixels::decode(&jpeg, &limits).unwrap()));
    let rgb = turbojpeg::decompress(&jpeg, turbojpeg::PixelFormat::RGB).unwrap();
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(85).unwrap();
    compressor.set_subsamp(Subsamp::Sub2x2).unwrap();
    let mut room = vec![0; turbojpeg::compressed_buf_len(rgb.width, rgb.height, Subsamp::Sub2x2).unwrap()];
    group.bench_function("from RGB", |bencher| {
        bencher.iter(|| compressor.compress_to_slice(rgb.as_deref(), &mut room).unwrap());
    });
    let mut decompressor = Decompressor::new().unwrap();
    let length = turbojpeg::yuv_pixels_len(rgb.width, 1, rgb.height, Subsamp::Sub2x2).unwrap();
    let (width, height, subsamp) = (rgb.width, rgb.height, Subsamp::Sub2x2);
    let mut planes = YuvImage { pixels: vec![0; length], width, align: 1, height, subsamp };
    group.bench_function("to planes", |bencher| {
        bencher.iter(|| decompressor.decompress_to_yuv(&jpeg, planes.as_deref_mut()).unwrap());
    });
    group.bench_function("from planes", |bencher| {
        bencher.iter(|| compressor.compress_yuv_to_slice(planes.as_deref(), &mut room).unwrap());
    });
    group.finish();
}

criterion_group!(benches, formats, halves);
criterion_main!(benches);
