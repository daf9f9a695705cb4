//! Every codec against every small fixture.

use std::fs;
use std::path::Path;

use rayon::prelude::*;

use super::*;
use crate::spare::Spare;
use crate::{Depth, Error, Layout, Orientation, Samples, probe};

/// Small enough that a damaged header cannot make a test slow.
const LIMITS: Limits = Limits { pixels: 1 << 19, input_bytes: 1 << 20, animation_pixels: 1 << 21 };

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Name and bytes of every variant.
fn variants() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 60);
    names.retain(|name| cfg!(feature = "avif") || !name.ends_with(".avif"));
    names.into_iter().map(|name| (fixture(&name), name)).map(|(bytes, name)| (name, bytes)).collect()
}

fn decoded(name: &str, bytes: &[u8]) -> (Probe, Pixels) {
    let probe = probe(bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
    let pixels = decode(&probe, bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
    (probe, pixels)
}

fn encoded(format: Format, pixels: &Pixels, metadata: &Metadata, source: &[u8]) -> Result<Vec<u8>> {
    encode(format, pixels.clone(), metadata, &EncodeOptions::default(), source)
}

#[test]
fn every_variant_decodes_to_what_the_probe_says() {
    for (name, bytes) in variants() {
        let (probe, pixels) = decoded(&name, &bytes);
        let told = (probe.width, probe.height, probe.layout, probe.depth);
        assert_eq!(told, (pixels.width(), pixels.height(), pixels.layout(), pixels.depth()), "{name}");
        assert_eq!(probe.animated, name == "animated.gif", "{name}");
        let turned = name.strip_prefix("orientation-").and_then(|rest| rest[..1].parse().ok());
        assert_eq!(probe.orientation, turned.map_or(Orientation::Normal, Orientation::from_exif), "{name}");
    }
}

#[test]
fn layout_and_depth_are_those_of_the_file() {
    use Depth::{Eight, Sixteen};
    let cases = [
        ("baseline-420.jpg", 600, 400, Layout::Rgb, Eight),
        ("arithmetic.jpg", 600, 400, Layout::Rgb, Eight),
        ("gray-sampling-2x2.jpg", 480, 480, Layout::Gray, Eight),
        ("cmyk-adobe.jpg", 480, 324, Layout::Cmyk, Eight),
        ("odd-size-37x53.jpg", 37, 53, Layout::Rgb, Eight),
        ("gray1.png", 400, 300, Layout::Gray, Eight),
        ("gray16.png", 192, 192, Layout::Gray, Sixteen),
        ("gray-alpha8.png", 256, 256, Layout::GrayAlpha, Eight),
        ("gray-alpha16.png", 160, 160, Layout::GrayAlpha, Sixteen),
        ("palette-4bit.png", 300, 200, Layout::Rgb, Eight),
        ("palette-trns.png", 300, 200, Layout::Rgba, Eight),
        ("rgb-trns.png", 300, 200, Layout::Rgba, Eight),
        ("png16-rgba.png", 240, 160, Layout::Rgba, Sixteen),
        ("lossy.webp", 480, 480, Layout::Rgb, Eight),
        ("lossless-alpha.webp", 300, 200, Layout::Rgba, Eight),
        ("animated.gif", 300, 200, Layout::Rgba, Eight),
        ("gray8.tif", 256, 256, Layout::Gray, Eight),
        ("rgb16.tif", 180, 120, Layout::Rgb, Sixteen),
        ("rgba8.tif", 240, 160, Layout::Rgba, Eight),
        ("tiled-big-endian.tif", 240, 160, Layout::Rgb, Eight),
        ("palette8.bmp", 240, 160, Layout::Rgb, Eight),
        ("rgba32.bmp", 240, 160, Layout::Rgba, Eight),
    ];
    for (name, width, height, layout, depth) in cases {
        let probe = probe(&fixture(name), &LIMITS).unwrap();
        assert_eq!((probe.width, probe.height), (width, height), "{name}");
        assert_eq!((probe.layout, probe.depth), (layout, depth), "{name}");
    }
}

/// These pairs hold the same pixels, says fixtures/README.md.
#[test]
fn other_codings_of_the_same_pixels_decode_the_same() {
    for (name, same) in [
        ("restart-each-row.jpg", "baseline-420.jpg"),
        ("restart-every-7.jpg", "baseline-420.jpg"),
        ("optimised-huffman.jpg", "baseline-420.jpg"),
        ("non-interleaved.jpg", "baseline-420.jpg"),
        ("arithmetic.jpg", "baseline-420.jpg"),
        ("progressive-restart.jpg", "progressive-420.jpg"),
        ("gray-progressive.jpg", "gray.jpg"),
        ("gray-sampling-2x2.jpg", "gray.jpg"),
        ("tiled-big-endian.tif", "rgb8.tif"),
        ("lzw.tif", "rgb8.tif"),
        ("rgb24.bmp", "rgb8.tif"),
    ] {
        assert!(decoded(name, &fixture(name)).1 == decoded(same, &fixture(same)).1, "{name} and {same}");
    }
}

/// The `image` crate has other readers of these formats' headers and other conversions.
#[test]
fn pixels_are_those_that_the_image_crate_sees() {
    for (name, bytes) in variants() {
        if [".jpg", ".avif"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let (_, pixels) = decoded(&name, &bytes);
        let theirs = image::load_from_memory(&bytes).unwrap();
        match pixels.layout() {
            Layout::Gray | Layout::GrayAlpha => {
                let ours = coloured_sixteen(&pixels);
                assert!(ours == theirs.into_rgba16().into_raw(), "{name}");
            }
            _ if pixels.depth() == Depth::Sixteen => {
                assert!(coloured_sixteen(&pixels) == theirs.into_rgba16().into_raw(), "{name}");
            }
            _ => {
                let solid = |samples: &[u8]| -> Vec<[u8; 4]> {
                    let pixels = samples.as_chunks::<4>().0.iter();
                    pixels.map(|p| if p[3] == 0 { [0; 4] } else { *p }).collect()
                };
                let ours = match channels::eight(&pixels) {
                    rgb if pixels.layout() == Layout::Rgb => {
                        rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect()
                    }
                    rgba => rgba.to_vec(),
                };
                assert!(solid(&ours) == solid(&theirs.into_rgba8().into_raw()), "{name}");
            }
        }
    }
}

fn coloured_sixteen(pixels: &Pixels) -> Vec<u16> {
    let coloured = channels::coloured(pixels.clone()).unwrap();
    let samples: Vec<u16> = match coloured.samples() {
        Samples::U8(samples) => samples.iter().map(|&v| u16::from(v) * 257).collect(),
        Samples::U16(samples) => samples.clone(),
    };
    match coloured.layout() {
        Layout::Rgb => samples.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, u16::MAX]).collect(),
        _ => samples,
    }
}

#[test]
fn lossless_formats_give_back_every_sample() {
    for (name, bytes) in variants() {
        let (probe, pixels) = decoded(&name, &bytes);
        if pixels.layout() == Layout::Cmyk {
            continue;
        }
        let metadata = Metadata::read(probe.format, &bytes);
        for target in [Format::Png, Format::Tiff] {
            let file = encoded(target, &pixels, &metadata, &bytes).unwrap();
            let (_, back) = decoded(&format!("{name} as {target}"), &file);
            assert!(back == pixels, "{name} as {target}");
        }
        if pixels.depth() == Depth::Eight {
            let lossless = EncodeOptions { lossless: Some(true), quality: None };
            let file = encode(Format::WebP, pixels.clone(), &metadata, &lossless, &bytes).unwrap();
            let (_, back) = decoded(&format!("{name} as WebP"), &file);
            assert!(coloured_sixteen(&back) == coloured_sixteen(&pixels), "{name} as WebP");
            if !pixels.layout().has_alpha() {
                let file = encoded(Format::Bmp, &pixels, &metadata, &bytes).unwrap();
                let (_, back) = decoded(&format!("{name} as BMP"), &file);
                assert!(coloured_sixteen(&back) == coloured_sixteen(&pixels), "{name} as BMP");
            }
        }
    }
}

#[test]
fn lossy_formats_come_near() {
    for (name, bytes) in variants() {
        let (probe, pixels) = decoded(&name, &bytes);
        let metadata = Metadata::read(probe.format, &bytes);
        for target in [Format::Jpeg, Format::WebP] {
            if pixels.layout() == Layout::Cmyk && target == Format::WebP {
                continue;
            }
            let file = encoded(target, &pixels, &metadata, &bytes).unwrap();
            let (_, back) = decoded(&format!("{name} as {target}"), &file);
            if pixels.layout().has_alpha() || back.layout() != pixels.layout() {
                continue;
            }
            let ours = channels::to_eight(pixels.samples().clone());
            let off: u64 =
                ours.iter().zip(channels::eight(&back)).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
            let mean = off as f64 / ours.len() as f64;
            assert!(mean < 60.0, "{name} as {target}: mean squared error {mean:.1}");
        }
    }
}

#[cfg(feature = "avif")]
#[test]
fn avif_gives_back_what_it_was_given() {
    // 4:2:0, gray and alpha, odd sides, 16 bits, and a file by another encoder.
    for name in [
        "png8-rgba.png",
        "gray-alpha8.png",
        "odd-size-37x53.jpg",
        "png16-rgb.png",
        "png16-rgba.png",
        "still.avif",
    ] {
        let bytes = fixture(name);
        let (probe, pixels) = decoded(name, &bytes);
        let file = encoded(Format::Avif, &pixels, &Metadata::read(probe.format, &bytes), &bytes).unwrap();
        let (_, back) = decoded(name, &file);
        assert_eq!(back.depth(), pixels.depth(), "{name}");
        assert_eq!(back.layout().has_alpha(), pixels.layout().has_alpha(), "{name}");
        let (ours, theirs) = (coloured_sixteen(&pixels), coloured_sixteen(&back));
        let off: f64 =
            ours.iter().zip(&theirs).map(|(a, b)| (f64::from(a.abs_diff(*b)) / 257.0).powi(2)).sum();
        let mean = off / ours.len() as f64;
        assert!(mean < 40.0, "{name}: mean squared error {mean:.1}");
    }
}

#[cfg(feature = "avif")]
#[test]
fn avif_is_turned_upright() {
    let bytes = fixture("odd-size-37x53.jpg");
    let (_, pixels) = decoded("odd-size-37x53.jpg", &bytes);
    let file = encoded(Format::Avif, &pixels, &Metadata::default(), &bytes).unwrap();
    let (_, plain) = decoded("plain", &file);
    // The decoder ignores pixi: its box makes place for another property.
    let at = file.windows(4).position(|window| window == b"pixi").unwrap();
    for (kind, value, orientation) in [
        (b"irot", 1, Orientation::Rotate270),
        (b"irot", 2, Orientation::Rotate180),
        (b"irot", 3, Orientation::Rotate90),
        (b"imir", 0, Orientation::FlipVertical),
        (b"imir", 1, Orientation::FlipHorizontal),
    ] {
        let mut turned = file.clone();
        turned[at..at + 4].copy_from_slice(kind);
        turned[at + 4] = value;
        let (probe, pixels) = decoded("turned", &turned);
        assert_eq!(probe.orientation, Orientation::Normal);
        assert!(pixels == plain.clone().into_viewed(orientation).unwrap(), "{orientation:?}");
    }
}

#[test]
fn a_jpeg_stays_the_kind_of_jpeg_it_was() {
    for (name, bytes) in variants() {
        if !name.ends_with(".jpg") {
            continue;
        }
        let (_, pixels) = decoded(&name, &bytes);
        let file = encoded(Format::Jpeg, &pixels, &Metadata::read(Format::Jpeg, &bytes), &bytes).unwrap();
        let header = |bytes: &[u8]| turbojpeg::read_header(bytes).unwrap();
        let (before, after) = (header(&bytes), header(&file));
        assert_eq!(before.colorspace, after.colorspace, "{name}");
        if before.subsamp != turbojpeg::Subsamp::Unknown {
            assert_eq!(before.subsamp, after.subsamp, "{name}");
        }
        let size = |bytes: &[u8]| bytes.len() as f64;
        assert!(size(&file) < size(&bytes) * 1.6 + 2000.0, "{name}: {} became {}", bytes.len(), file.len());
    }
}

#[test]
fn a_jpeg_cut_in_half_is_damaged_and_junk_behind_it_is_not() {
    for name in
        ["baseline-420.jpg", "progressive-420.jpg", "arithmetic.jpg", "restart-every-7.jpg", "gray.jpg"]
    {
        let mut bytes = fixture(name);
        let (probe, pixels) = decoded(name, &bytes);
        let error = decode(&probe, &bytes[..bytes.len() / 2], &LIMITS).unwrap_err();
        assert!(error.to_string().starts_with("damaged JPEG: "), "{name}: {error}");
        bytes.extend_from_slice(b"\0\0junk\xff\xd8\xff\xe0");
        assert!(decoded(name, &bytes).1 == pixels, "{name}");
    }
}

#[test]
fn limits_refuse_before_decoding() {
    for (name, bytes) in variants() {
        let probe = probe(&bytes, &LIMITS).unwrap();
        let tight = Limits { pixels: u64::from(probe.width) * u64::from(probe.height) - 1, ..LIMITS };
        assert!(matches!(crate::probe(&bytes, &tight), Err(Error::Limit { .. })), "{name}");
        assert!(matches!(decode(&probe, &bytes, &tight), Err(Error::Limit { .. })), "{name}");
    }
    let bytes = fixture("animated.gif");
    let few = Limits { animation_pixels: 3 * 300 * 200, ..LIMITS };
    let result = stamp_gif(&bytes, &few, &Metadata::default(), &mut |_| Ok(()));
    assert!(matches!(result, Err(Error::Limit { .. })));
}

/// Decodes as far as it goes; only a panic or an endless loop is a failure.
fn survive(bytes: &[u8]) {
    let Ok(probe) = probe(bytes, &LIMITS) else { return };
    let _ = Metadata::read(probe.format, bytes).stripped();
    let _ = decode(&probe, bytes, &LIMITS);
    if probe.format == Format::Gif {
        let _ = stamp_gif(bytes, &LIMITS, &Metadata::default(), &mut |_| Ok(()));
    }
}

#[test]
fn files_cut_short_never_panic() {
    variants().par_iter().for_each(|(_, bytes)| {
        for end in (0..bytes.len()).step_by(97) {
            survive(&bytes[..end]);
        }
    });
}

#[test]
fn flipped_bytes_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for (_, bytes) in variants() {
        for round in 0..100 {
            let mut damaged = bytes.clone();
            // Half of the rounds go for the headers.
            let reach = if round % 2 == 0 { bytes.len().min(400) } else { bytes.len() };
            for _ in 0..=random(4) {
                let at = random(reach);
                damaged[at] = random(256) as u8;
            }
            survive(&damaged);
        }
    }
}

/// libjpeg-turbo's interface ends at a warning about the header, before anything is decoded. What it was
/// to write over must not be handed on: it is the picture that the thread decoded before.
/// Found by a fuzzer: an ICC segment without a profile, or parts that do not follow one another.
#[test]
fn a_profile_in_disorder_is_passed_over() {
    let whole = fixture("baseline-420.jpg");
    let wanted = decode(&probe(&whole, &LIMITS).unwrap(), &whole, &LIMITS).unwrap();
    for part in [&b"ICC_PROFILE\0\x01\x01"[..], b"ICC_PROFILE\0\x02\x01abc", b"ICC_PROFILE\0\x01\x03abc"] {
        let length = (part.len() as u16 + 2).to_be_bytes();
        let odd = [&whole[..2], &[0xff, 0xe2], &length, part, &whole[2..]].concat();
        let decoded = decode(&probe(&odd, &LIMITS).unwrap(), &odd, &LIMITS).unwrap();
        assert_eq!(decoded.samples(), wanted.samples());
    }
}

#[test]
fn a_faulty_header_gives_nothing_of_the_picture_before() {
    let whole = fixture("baseline-420.jpg");
    let first = 4 + usize::from(u16::from_be_bytes([whole[4], whole[5]])) - 2 + 2;
    let mut junk = whole.clone();
    junk.splice(first..first, *b"junk");
    let probe = probe(&junk, &LIMITS).unwrap();
    for lenient in [false, true] {
        Spare::Samples.keep(vec![0xa5; 4 * 600 * 400]);
        let decoded =
            if lenient { decode_damaged(&probe, &junk, &LIMITS) } else { decode(&probe, &junk, &LIMITS) };
        assert!(matches!(decoded, Err(Error::Decode { .. })), "lenient: {lenient}");
    }
}
