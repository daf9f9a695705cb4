//! The stamp as the user has it: an image file, an SVG or a text.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use super::image::{self, Image};
use super::raster::Raster;
use super::svg::Svg;
use super::text::Text;
use crate::{Error, Length, Pixels, Result};

/// A stamp: an image, an SVG or a text.
#[derive(Debug)]
pub struct Stamp {
    kind: Kind,
    content_hash: [u8; 32],
}

#[derive(Debug)]
enum Kind {
    Image(Image),
    Pixels(Raster),
    Svg(Box<Svg>),
    Text(Box<Text>),
}

/// How a text looks.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStyle {
    /// The name of an installed font family, or the path of a font file (TrueType or OpenType).
    /// `None`: the font that is built in, which looks the same on every machine.
    pub font: Option<String>,
    /// The font size (em); per cents are of the picture's shorter side.
    pub size: Length,
    /// sRGB, straight alpha.
    pub color: [u8; 4],
}

impl Stamp {
    /// From the bytes of an image file or an SVG.
    ///
    /// An image's headers are read at once; its pixels only when they are needed, so that damage
    /// in them shows in [`Stamp::check`] or [`Prepared::new`](crate::Prepared::new). An SVG is
    /// parsed at once. It may hold pictures as `data:` URLs; no file and no network address it
    /// names is opened.
    ///
    /// # Errors
    /// [`Error::Stamp`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(Error::stamp("compressed SVG (svgz) is not read; decompress it with gunzip first"));
        }
        if Svg::is(bytes) {
            let svg = Svg::parse(bytes)?;
            let fonts = svg.fonts().unwrap_or_default();
            return Ok(Self { content_hash: hash(&[b"svg", &fonts, bytes]), kind: Kind::Svg(Box::new(svg)) });
        }
        let kind = Kind::Image(Image::from_bytes(bytes)?);
        Ok(Self { content_hash: hash(&[b"image", bytes]), kind })
    }

    /// From decoded pixels, in sRGB and upright.
    ///
    /// # Errors
    /// None at present.
    pub fn from_pixels(pixels: Pixels) -> Result<Self> {
        let raster = image::from_pixels(pixels)?;
        let (width, height) = (raster.width.to_le_bytes(), raster.height.to_le_bytes());
        let content_hash = hash(&[b"pixels", &width, &height, bytemuck::cast_slice(&raster.rgba)]);
        Ok(Self { content_hash, kind: Kind::Pixels(raster) })
    }

    /// From a text, drawn with a font size (em) of `em` pixels. Lines are parted by `\n`.
    ///
    /// # Errors
    /// [`Error::Stamp`] when the font is not to be found or the text is absurdly long.
    /// [`Error::Setting`] when `em` is not a sensible size.
    pub fn text(text: &str, style: &TextStyle, em: f64) -> Result<Self> {
        let text = Text::set(text, style, em)?;
        Ok(Self { content_hash: hash(&[b"text", &text.content_hash()]), kind: Kind::Text(Box::new(text)) })
    }

    /// The stamp's own size in pixels (an SVG's in CSS pixels); both sides are positive.
    pub fn size(&self) -> (f64, f64) {
        let whole = |(width, height): (u32, u32)| (f64::from(width), f64::from(height));
        match &self.kind {
            Kind::Image(image) => whole(image.size()),
            Kind::Pixels(raster) => whole((raster.width, raster.height)),
            Kind::Svg(svg) => svg.size(),
            Kind::Text(text) => text.size(),
        }
    }

    /// Decodes an image or draws an SVG or a text once, so that damage shows now rather than with the
    /// first picture. An image stays decoded.
    ///
    /// # Errors
    /// [`Error::Stamp`].
    pub fn check(&self) -> Result<()> {
        self.raster(1, 1).map(drop)
    }

    /// BLAKE3 of everything that decides what the stamp looks like.
    pub fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// The stamp's pixels. A vector stamp (SVG, text) is drawn at exactly `width × height`; an
    /// image comes in its own size, for the caller to resize.
    pub(crate) fn raster(&self, width: u32, height: u32) -> Result<Cow<'_, Raster>> {
        match &self.kind {
            Kind::Image(image) => image.raster().map(Cow::Borrowed),
            Kind::Pixels(raster) => Ok(Cow::Borrowed(raster)),
            Kind::Svg(svg) => svg.draw(width, height).map(Cow::Owned),
            Kind::Text(text) => text.draw(width, height).map(Cow::Owned),
        }
    }
}

/// BLAKE3 of several parts, each with its length.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn stamp(name: &str) -> Stamp {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stamps");
        Stamp::from_bytes(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_of_image_is_read() {
        for (name, size) in [
            ("logo.png", (600, 600)),
            ("badge.png", (460, 160)),
            ("pixel.png", (1, 1)),
            ("huge.png", (4000, 3000)),
            ("soft-16bit.png", (180, 180)),
            ("gray-alpha.png", (300, 300)),
            ("../pictures/variants/baseline-420.jpg", (600, 400)),
            ("../pictures/variants/lossy-alpha.webp", (0, 0)),
            ("../pictures/variants/cmyk-adobe.jpg", (0, 0)),
        ] {
            let stamp = stamp(name);
            let raster = stamp.raster(1, 1).unwrap();
            assert_eq!(stamp.size(), (f64::from(raster.width), f64::from(raster.height)), "{name}");
            assert!(size == (0, 0) || (raster.width, raster.height) == size, "{name}");
            assert!(raster.rgba.iter().any(|pixel| pixel[3] > 0), "{name}");
        }
    }

    #[test]
    fn photographs_lie_into_viewed() {
        let upright = stamp("../pictures/variants/orientation-1.jpg");
        let turned = stamp("../pictures/variants/orientation-6.jpg");
        assert_eq!(upright.size(), turned.size());
        let (upright, turned) = (upright.raster(1, 1).unwrap(), turned.raster(1, 1).unwrap());
        let far = upright.rgba.iter().zip(&turned.rgba).filter(|(a, b)| a[1].abs_diff(b[1]) > 4000).count();
        assert!(far * 50 < upright.rgba.len(), "{far} pixels differ");
    }

    #[test]
    fn soft_sixteen_bit_stamps_keep_their_depth() {
        let stamp = stamp("soft-16bit.png");
        let raster = stamp.raster(1, 1).unwrap();
        assert!(raster.rgba.iter().any(|pixel| pixel[3] % 257 != 0), "no alpha between two 8-bit steps");
    }

    #[test]
    fn damage_is_told_when_the_pixels_are_needed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stamps");
        let bytes = std::fs::read(folder.join("logo.png")).unwrap();
        let cut = Stamp::from_bytes(&bytes[..bytes.len() / 2]).unwrap();
        let error = cut.check().unwrap_err().to_string();
        assert!(error.starts_with("stamp: ") && error.contains("PNG"), "{error}");
        for whole in ["logo.png", "logo.svg"] {
            stamp(whole).check().unwrap();
        }
    }

    #[test]
    fn what_is_no_stamp_is_refused() {
        for bytes in [&b"just a text"[..], b""] {
            let error = Stamp::from_bytes(bytes).unwrap_err().to_string();
            assert!(error.starts_with("stamp: "), "{error}");
        }
    }

    #[test]
    fn compressed_svg_is_refused_with_advice() {
        let error = Stamp::from_bytes(&[0x1f, 0x8b, 8]).unwrap_err().to_string();
        assert!(error.contains("gunzip"), "{error}");
    }

    #[test]
    fn the_content_hash_tells_stamps_apart() {
        let pixels = |value| {
            let samples = crate::Samples::U8(vec![value; 4]);
            Stamp::from_pixels(Pixels::new(2, 2, crate::Layout::Gray, samples).unwrap())
                .unwrap()
                .content_hash()
        };
        assert_eq!(pixels(1), pixels(1));
        assert_ne!(pixels(1), pixels(2));
        assert_ne!(stamp("logo.svg").content_hash(), stamp("badge.svg").content_hash());
    }
}
