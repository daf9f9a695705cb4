//! The choice of the pixel path's JPEG codec: libjpeg-turbo against the fastest pure Rust pair,
//! decode and encode of 12 MP, 4:2:0, quality 85.

use std::fs;

use criterion::{Criterion, criterion_group, criterion_main};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use stampede_benches::twelve_megapixels;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

const QUALITY: u8 = 85;

fn codecs(criterion: &mut Criterion) {
    let bytes = fs::read(&twelve_megapixels(1)[0]).unwrap();
    let picture: turbojpeg::Image<Vec<u8>> =
        turbojpeg::decompress(&bytes, turbojpeg::PixelFormat::RGB).unwrap();
    let mut group = criterion.benchmark_group("JPEG codecs, 12 MP");
    group.sample_size(10);
    group.bench_function("libjpeg-turbo decode", |bencher| {
        bencher.iter(|| turbojpeg::decompress(&bytes, turbojpeg::PixelFormat::RGB).unwrap());
    });
    group.bench_function("libjpeg-turbo encode", |bencher| {
        bencher.iter(|| {
            turbojpeg::compress(picture.as_deref(), QUALITY.into(), turbojpeg::Subsamp::Sub2x2).unwrap()
        });
    });
    group.bench_function("zune-jpeg decode", |bencher| {
        bencher.iter(|| JpegDecoder::new(ZCursor::new(&bytes)).decode().unwrap());
    });
    group.bench_function("jpeg-encoder encode", |bencher| {
        bencher.iter(|| {
            let mut out = Vec::new();
            let mut encoder = Encoder::new(&mut out, QUALITY);
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
            let (width, height) = (picture.width as u16, picture.height as u16);
            encoder.encode(&picture.pixels, width, height, ColorType::Rgb).unwrap();
            out
        });
    });
    group.finish();
}

criterion_group!(benches, codecs);
criterion_main!(benches);
