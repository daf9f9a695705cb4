//! AVIF out: ravif codes the planes, and its file is laid out anew so that it can hold ICC, XMP
//! and the picture's own colour description.

#![forbid(unsafe_code)]

use ravif::{AlphaColorMode, BitDepth, Encoder, Img, MatrixCoefficients, PixelRange};
use rgb::{FromSlice as _, RGB8, RGBA8};

use crate::codec::EncodeOptions;
use crate::codec::channels::coloured;
use crate::metadata::avif::{Container, Item};
use crate::{Error, Format, Layout, Metadata, Pixels, Result, Samples};

/// Quality where the caller tells none.
const QUALITY: u8 = 80;
/// rav1e's presets go from 1 (best) to 10. Of 2 MP, 9 takes 0.5 s and 8 takes 1.3 s for a file that
/// is smaller by 1 %.
const SPEED: u8 = 9;
/// BT.709 primaries and sRGB transfer (ITU-T H.273).
const SRGB: [u8; 4] = [0, 1, 0, 13];

fn cannot(reason: impl std::fmt::Display) -> Error {
    Error::encode(Format::Avif, reason)
}

pub(in crate::codec) fn encode(
    pixels: Pixels,
    metadata: &Metadata,
    options: &EncodeOptions,
) -> Result<Vec<u8>> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    if width.max(height) > 65_535 {
        return Err(cannot("it is wider or higher than 65,535 pixels"));
    }
    let quality = f32::from(options.quality.unwrap_or(QUALITY).clamp(1, 100));
    let encoder = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(SPEED)
        .with_bit_depth(BitDepth::Eight)
        .with_alpha_color_mode(AlphaColorMode::UnassociatedDirty);
    let pixels = coloured(pixels)?;
    let layout = pixels.layout();
    let coded = match (pixels.samples(), layout) {
        (Samples::U8(samples), Layout::Rgb) => {
            let pixels: &[RGB8] = samples.as_rgb();
            encoder.encode_rgb(Img::new(pixels, width, height))
        }
        (Samples::U8(samples), Layout::Rgba) => {
            let pixels: &[RGBA8] = samples.as_rgba();
            encoder.encode_rgba(Img::new(pixels, width, height))
        }
        (Samples::U16(samples), Layout::Rgb) => {
            let planes = samples.as_chunks::<3>().0.iter().map(|&[r, g, b]| to_ycbcr(r, g, b));
            encoder.encode_raw_planes_10_bit(
                width,
                height,
                planes,
                None::<[u16; 0]>,
                PixelRange::Full,
                MatrixCoefficients::BT601,
            )
        }
        (Samples::U16(samples), Layout::Rgba) => {
            let (pixels, _) = samples.as_chunks::<4>();
            let planes = pixels.iter().map(|&[r, g, b, _]| to_ycbcr(r, g, b));
            let alpha = pixels.iter().map(|pixel| to_ten(f32::from(pixel[3])));
            encoder.encode_raw_planes_10_bit(
                width,
                height,
                planes,
                Some(alpha),
                PixelRange::Full,
                MatrixCoefficients::BT601,
            )
        }
        _ => return Err(Error::unsupported(Format::Avif, "it cannot hold CMYK; convert it to RGB first")),
    };
    let coded = coded.map_err(cannot)?.avif_file;
    drop(pixels);
    lay_out(&coded, metadata).ok_or_else(|| cannot("the encoder's file cannot be read"))
}

/// A 16-bit value in 10 bits.
fn to_ten(value: f32) -> u16 {
    (value * (1023.0 / 65535.0) + 0.5) as u16
}

/// ITU-R BT.601, full range, 10 bits.
fn to_ycbcr(r: u16, g: u16, b: u16) -> [u16; 3] {
    let [r, g, b] = [r, g, b].map(f32::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    let chroma = |difference: f32, span: f32| {
        (difference / span * (1023.0 / 65535.0) + 512.5).clamp(0.0, 1023.0) as u16
    };
    [to_ten(y), chroma(b - y, 1.772), chroma(r - y, 1.402)]
}

/// What stands in the file beside the boxes.
struct Part {
    id: u16,
    kind: [u8; 4],
    content_type: &'static [u8],
    data: Vec<u8>,
    /// How it refers to the picture.
    reference: Option<[u8; 4]>,
    /// Property boxes, whole.
    properties: Vec<Vec<u8>>,
}

fn lay_out(coded: &[u8], metadata: &Metadata) -> Option<Vec<u8>> {
    let container = Container::read(coded)?;
    let own = |item: &Item<'_>| -> Vec<Vec<u8>> {
        item.properties
            .iter()
            .filter(|(kind, _)| kind != b"colr")
            .map(|(kind, body)| whole(kind, &[body]))
            .collect()
    };
    let picture = container.primary()?;
    let mut properties = own(picture);
    // Primaries and transfer, matrix BT.601, full range: what the encoder made.
    let codes = metadata.native_of(Format::Avif).unwrap_or(&SRGB);
    properties.push(whole(b"colr", &[b"nclx", codes, &[0, 6, 0x80]]));
    if let Some(icc) = &metadata.icc {
        properties.push(whole(b"colr", &[b"prof", icc]));
    }
    let part = |id, kind: &[u8; 4], data, reference, properties| Part {
        id,
        kind: *kind,
        content_type: b"",
        data,
        reference,
        properties,
    };
    let mut parts = vec![part(1, b"av01", container.data(picture)?, None, properties)];
    if let Some(alpha) = container.alpha() {
        parts.push(part(2, b"av01", container.data(alpha)?, Some(*b"auxl"), own(alpha)));
    }
    if let Some(exif) = &metadata.exif {
        parts.push(part(3, b"Exif", [&[0; 4], exif.as_slice()].concat(), Some(*b"cdsc"), Vec::new()));
    }
    if let Some(xmp) = &metadata.xmp {
        let content_type = b"application/rdf+xml";
        let part = part(4, b"mime", xmp.clone(), Some(*b"cdsc"), Vec::new());
        parts.push(Part { content_type, ..part });
    }
    let ftyp = whole(b"ftyp", &[b"avif\0\0\0\0avifmif1miaf"]);
    let length = meta(&parts, 0)?.len();
    let meta = meta(&parts, ftyp.len() + length + 8)?;
    let data: Vec<&[u8]> = parts.iter().map(|part| part.data.as_slice()).collect();
    Some([ftyp, meta, whole(b"mdat", &data)].concat())
}

/// A box.
fn whole(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend((length as u32).to_be_bytes());
    bytes.extend_from_slice(kind);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// The `meta` box of parts that lie one behind the other from `offset` on. `None` beyond 4 GiB.
fn meta(parts: &[Part], offset: usize) -> Option<Vec<u8>> {
    let count = [0, parts.len() as u8];
    let hdlr = whole(b"hdlr", &[&[0; 8], b"pict", &[0; 13]]);
    let pitm = whole(b"pitm", &[&[0, 0, 0, 0, 0, 1]]);
    // Offsets and lengths of 4 bytes, no base.
    let mut iloc = [&[0, 0, 0, 0, 0x44, 0], &count[..]].concat();
    let mut at = offset;
    for part in parts {
        iloc.extend(part.id.to_be_bytes());
        iloc.extend([0, 0, 0, 1]);
        iloc.extend(u32::try_from(at).ok()?.to_be_bytes());
        iloc.extend(u32::try_from(part.data.len()).ok()?.to_be_bytes());
        at += part.data.len();
    }
    u32::try_from(at).ok()?;
    let mut iinf = [&[0; 4], &count[..]].concat();
    let mut iref = vec![0; 4];
    let (mut ipco, mut ipma, mut number, mut holders) = (Vec::new(), Vec::new(), 0_u8, 0_u8);
    for part in parts {
        let content_type: &[&[u8]] = &[part.content_type, &[0]];
        let content_type = if part.content_type.is_empty() { Vec::new() } else { content_type.concat() };
        let id = part.id.to_be_bytes();
        iinf.extend(whole(b"infe", &[&[2, 0, 0, 0], &id, &[0, 0], &part.kind, &[0], &content_type]));
        if let Some(kind) = &part.reference {
            iref.extend(whole(kind, &[&id, &[0, 1, 0, 1]]));
        }
        if part.properties.is_empty() {
            continue;
        }
        holders += 1;
        ipma.extend(id);
        ipma.push(part.properties.len() as u8);
        for property in &part.properties {
            number += 1;
            // A reader must understand how the picture is coded and what an auxiliary one is.
            let essential = property.get(4..8) == Some(b"av1C");
            ipma.push(number | if essential { 0x80 } else { 0 });
            ipco.extend_from_slice(property);
        }
    }
    let ipco = whole(b"ipco", &[&ipco]);
    let ipma = whole(b"ipma", &[&[0; 7], &[holders], &ipma]);
    let iprp = whole(b"iprp", &[&ipco, &ipma]);
    let (iloc, iinf) = (whole(b"iloc", &[&iloc]), whole(b"iinf", &[&iinf]));
    let iref = if iref.len() > 4 { whole(b"iref", &[&iref]) } else { Vec::new() };
    Some(whole(b"meta", &[&[0; 4], &hdlr, &pitm, &iloc, &iinf, &iref, &iprp]))
}
