//! Pictures that are bombs, by format.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::{Bomb, fixture};

pub(crate) fn all() -> Vec<Bomb> {
    [png(), jpeg(), gif(), webp(), tiff(), others()].into_iter().flatten().collect()
}

/// Pictures that are less than a picture may be but more than a stamp may.
pub(crate) fn as_stamps() -> Vec<Bomb> {
    vec![
        Bomb::refused("PNG stamp of 16,000²", png_of(16_000, 8, 6, &zeros(1 << 20)), "too many for a stamp"),
        Bomb::refused(
            "JPEG stamp of 16,000²",
            jpeg_of_size("baseline-420.jpg", 16_000),
            "too many for a stamp",
        ),
        Bomb::refused("GIF stamp of 65,535²", gif_of(65_535, 1), "too many for a stamp"),
    ]
}

/// A PNG that is itself small, 16,000 pixels wide and high, of two colours.
pub(crate) fn large_png() -> Vec<u8> {
    bilevel_png(16_000)
}

/// In two colours.
pub(crate) fn bilevel_png(side: u32) -> Vec<u8> {
    png_of(side, 1, 0, &zeros((side * (1 + side / 8)) as usize))
}

/// Large pictures that are what they say.
pub(crate) fn sound() -> Vec<(&'static str, Vec<u8>)> {
    let jpeg = |progressive| {
        let pixels = vec![90; 3 * 5000 * 4000];
        let mut compressor = turbojpeg::Compressor::new().unwrap();
        compressor.set_progressive(progressive).unwrap();
        let format = turbojpeg::PixelFormat::RGB;
        let image =
            turbojpeg::Image { pixels: &pixels[..], width: 5000, pitch: 15_000, height: 4000, format };
        compressor.compress_to_vec(image).unwrap()
    };
    vec![
        ("PNG of 5,000² in two colours", png_of(5000, 1, 0, &zeros(5000 * 626))),
        ("PNG of 3,000² of 16 bits and alpha", png_of(3000, 16, 6, &zeros(3000 * 24_001))),
        ("JPEG of 20 MP", jpeg(false)),
        ("progressive JPEG of 20 MP", jpeg(true)),
        ("GIF of 4,000²", gif_of(4000, 1)),
    ]
}

/// `count` zeros as zlib has them: a thousandth of it.
fn zeros(count: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let piece = vec![0; 1 << 20];
    (0..count.div_ceil(piece.len())).for_each(|_| encoder.write_all(&piece).unwrap());
    encoder.finish().unwrap()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, &name[..], data, &crc.sum().to_be_bytes()].concat()
}

fn png_with(side: u32, bits: u8, colour: u8, before: &[u8], data: &[u8]) -> Vec<u8> {
    let side = side.to_be_bytes();
    let header = [&side[..], &side, &[bits, colour, 0, 0, 0]].concat();
    let (header, data, end) = (chunk(b"IHDR", &header), chunk(b"IDAT", data), chunk(b"IEND", b""));
    [b"\x89PNG\r\n\x1a\n", &header[..], before, &data, &end].concat()
}

fn png_of(side: u32, bits: u8, colour: u8, data: &[u8]) -> Vec<u8> {
    png_with(side, bits, colour, b"", data)
}

fn png() -> Vec<Bomb> {
    let bomb = zeros(300 << 20);
    let text = |name: &[u8; 4], start: &[u8]| {
        png_with(8, 8, 2, &chunk(name, &[start, &bomb].concat()), &zeros(8 * 25))
    };
    let frames = [chunk(b"acTL", &[0xff; 8]), chunk(b"fcTL", &[0xff; 26]).repeat(50_000)].concat();
    vec![
        Bomb::refused("PNG of 65,535² gray bits", png_of(65_535, 1, 0, &zeros(512 << 20)), "--limit-pixels"),
        Bomb::refused("PNG of 2³¹ - 1 squared", png_of(i32::MAX as u32, 16, 6, &bomb), "--limit-pixels"),
        Bomb::refused(
            "PNG of 16,000² with 1 MB of data",
            png_of(16_000, 16, 6, &zeros(1 << 20)),
            "damaged PNG",
        ),
        Bomb::harmless("PNG of 8² with 300 MB of data", png_of(8, 8, 2, &bomb)),
        Bomb::harmless("PNG with a profile of 300 MB", text(b"iCCP", b"a\0\0")),
        Bomb::harmless("PNG with a text of 300 MB", text(b"zTXt", b"a\0\0")),
        Bomb::harmless("PNG with IPTC of 300 MB", text(b"zTXt", b"Raw profile type iptc\0\0")),
        Bomb::harmless("PNG with XMP of 300 MB", text(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0")),
        Bomb::harmless("PNG of 50,000 frames", png_with(8, 8, 2, &frames, &zeros(8 * 25))),
    ]
}

/// A JPEG of the fixtures that says of itself that it is `side` pixels wide and high.
fn jpeg_of_size(name: &str, side: u16) -> Vec<u8> {
    let mut bytes = fixture(&format!("pictures/variants/{name}"));
    let is_frame = |pair: &[u8]| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2);
    let at = bytes.windows(2).position(is_frame).unwrap();
    let side = side.to_be_bytes();
    bytes[at + 5..at + 9].copy_from_slice(&[side, side].concat());
    bytes
}

/// Progressive, with its last scan a few thousand times.
fn jpeg_of_scans(side: Option<u16>) -> Vec<u8> {
    let name = "progressive-420.jpg";
    let bytes = match side {
        Some(side) => jpeg_of_size(name, side),
        None => fixture(&format!("pictures/variants/{name}")),
    };
    let end = bytes.len() - 2;
    let scan = bytes.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    [&bytes[..end], &bytes[scan..end].repeat(5000), &bytes[end..]].concat()
}

fn jpeg() -> Vec<Bomb> {
    vec![
        Bomb::refused("JPEG of 65,535²", jpeg_of_size("baseline-420.jpg", 65_535), "--limit-pixels"),
        Bomb::refused(
            "progressive JPEG of 65,535²",
            jpeg_of_size("progressive-420.jpg", 65_535),
            "--limit-pixels",
        ),
        Bomb::refused(
            "JPEG of 16,000² that ends soon",
            jpeg_of_size("baseline-444.jpg", 16_000),
            "damaged JPEG",
        ),
        Bomb::refused(
            "progressive JPEG of 16,000² that ends soon",
            jpeg_of_size("progressive-444.jpg", 16_000),
            "damaged JPEG",
        ),
        Bomb::refused("JPEG of 5,000 scans", jpeg_of_scans(None), "damaged JPEG"),
        Bomb::refused("JPEG of 16,000² and 5,000 scans", jpeg_of_scans(Some(16_000)), "damaged JPEG"),
    ]
}

/// A GIF of `frames` frames of one pixel.
fn gif_of(side: u16, frames: usize) -> Vec<u8> {
    let side = side.to_le_bytes();
    let head = [b"GIF89a", &side[..], &side, &[0x80, 0, 0], &[0; 3], &[255; 3]].concat();
    let frame = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
    [&head[..], &frame.repeat(frames), b";"].concat()
}

fn gif() -> Vec<Bomb> {
    vec![
        Bomb::refused("GIF of 65,535²", gif_of(65_535, 1), "--limit-pixels"),
        Bomb::refused("GIF of 16,000² and 100,000 frames", gif_of(16_000, 100_000), "--limit-pixels"),
        Bomb::refused("GIF of 1,000² and 2,000,000 frames", gif_of(1_000, 2_000_000), "--limit-pixels"),
    ]
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", chunks].concat()
}

fn riff_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&name[..], &length, data, &vec![0; data.len() % 2]].concat()
}

fn webp() -> Vec<Bomb> {
    let whole = fixture("pictures/variants/lossless.webp");
    let canvas = |flags: u8, side: u32| {
        let side = (side - 1).to_le_bytes();
        riff_chunk(b"VP8X", &[&[flags, 0, 0, 0], &side[..3], &side[..3]].concat())
    };
    let frame = riff_chunk(b"ANMF", &[&[0; 16], &whole[12..]].concat());
    let animated = [canvas(2, 16_000), riff_chunk(b"ANIM", &[0; 6]), frame.repeat(300)].concat();
    vec![
        Bomb::refused("WebP of 2²⁴ squared", riff(&[&canvas(0, 1 << 24), &whole[12..]].concat()), "WebP"),
        Bomb::refused(
            "WebP of 65,535²",
            riff(&[&canvas(0, 65_535), &whole[12..]].concat()),
            "--limit-pixels",
        ),
        Bomb::refused(
            "WebP of 16,000² around a small picture",
            riff(&[&canvas(0, 16_000), &whole[12..]].concat()),
            "WebP",
        ),
        Bomb::refused("animated WebP of 16,000²", riff(&animated), "WebP"),
    ]
}

fn tag(number: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    [&number.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
}

/// A gray TIFF of one strip of `data`, compressed by deflate.
fn tiff_of(side: u32, strip_count: u32, data: &[u8], next: u32) -> Vec<u8> {
    let start = 8 + u32::try_from(data.len()).unwrap();
    let tags = [
        tag(256, 4, 1, side),
        tag(257, 4, 1, side),
        tag(258, 3, 1, 8),
        tag(259, 3, 1, 8),
        tag(262, 3, 1, 1),
        tag(273, 4, strip_count, 8),
        tag(277, 3, 1, 1),
        tag(278, 4, 1, side),
        tag(279, 4, strip_count, start - 8),
    ];
    let count = u16::try_from(tags.len()).unwrap().to_le_bytes();
    [b"II*\0", &start.to_le_bytes()[..], data, &count, &tags.concat(), &next.to_le_bytes()].concat()
}

fn tiff() -> Vec<Bomb> {
    let bomb = zeros(300 << 20);
    let loops = 8 + u32::try_from(zeros(64).len()).unwrap();
    vec![
        Bomb::refused("TIFF of 100,000²", tiff_of(100_000, 1, &bomb, 0), "--limit-pixels"),
        Bomb::refused("TIFF of 2³² - 1 squared", tiff_of(u32::MAX, 1, &bomb, 0), "--limit-pixels"),
        Bomb::harmless("TIFF of 8² with 300 MB of data", tiff_of(8, 1, &bomb, 0)),
        Bomb::refused(
            "TIFF of 16,000² with 1 MB of data",
            tiff_of(16_000, 1, &zeros(1 << 20), 0),
            "damaged TIFF",
        ),
        Bomb::refused("TIFF of 2³² - 1 strips", tiff_of(8, u32::MAX, &zeros(64), 0), "damaged TIFF"),
        Bomb::harmless("TIFF whose pages go in a circle", tiff_of(8, 1, &zeros(64), loops)),
    ]
}

/// BMP and AVIF.
fn others() -> Vec<Bomb> {
    let bmp = |side: i32| {
        let mut bytes = fixture("pictures/variants/rgb24.bmp");
        bytes[18..26].copy_from_slice(&[side.to_le_bytes(), side.to_le_bytes()].concat());
        bytes
    };
    let mut avif = fixture("pictures/variants/still.avif");
    let at = avif.windows(4).position(|window| window == b"ispe").unwrap();
    avif[at + 8..at + 16].copy_from_slice(&[65_535_u32.to_be_bytes(), 65_535_u32.to_be_bytes()].concat());
    vec![
        Bomb::refused("BMP of 2³¹ - 1 squared", bmp(i32::MAX), "too large"),
        Bomb::refused("BMP of 16,000² that ends soon", bmp(16_000), "damaged BMP"),
        Bomb::refused("AVIF of 65,535²", avif, "--limit-pixels"),
    ]
}
