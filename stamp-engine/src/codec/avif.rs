//! AVIF in and out: decoded by rav1d, encoded by rav1e.

#![forbid(unsafe_code)]

mod encode;
mod planes;
mod yuv;

use re_rav1d::dav1d::{Decoder, Picture, Settings};

use crate::metadata::avif::{Container, Item, Nclx, turns};
use crate::{Depth, Error, Format, Layout, Limits, Orientation, Pixels, Probe, Result};

pub(super) use encode::encode;

fn damaged(reason: impl std::fmt::Display) -> Error {
    Error::decode(Format::Avif, reason)
}

fn unsupported(reason: &str) -> Error {
    Error::unsupported(Format::Avif, reason)
}

fn open(bytes: &[u8]) -> Result<Container<'_>> {
    Container::read(bytes).ok_or_else(|| damaged("its boxes are not whole"))
}

fn primary<'c, 'a>(container: &'c Container<'a>) -> Result<&'c Item<'a>> {
    let item = container.primary().ok_or_else(|| damaged("it has no primary item"))?;
    if &item.kind != b"av01" {
        return Err(unsupported("it is put together from several pictures; convert it first"));
    }
    if item.property(b"clap").is_some() {
        return Err(unsupported("it is cropped by a clean aperture; convert it first"));
    }
    Ok(item)
}

/// Width and height as coded (the `ispe` property).
fn size(item: &Item<'_>) -> Result<(u32, u32)> {
    let Some(&[_, _, _, _, w3, w2, w1, w0, h3, h2, h1, h0]) =
        item.property(b"ispe").and_then(|body| body.first_chunk::<12>())
    else {
        return Err(damaged("its properties state no size"));
    };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    match width.min(height) {
        0 => Err(damaged("its properties state no size")),
        _ if width.max(height) > 65_536 => Err(damaged("its sides are longer than AV1 allows")),
        _ => Ok((width, height)),
    }
}

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let container = open(bytes)?;
    let item = primary(&container)?;
    // AV1-ISOBMFF, section 2.3.3: tier, high bit depth, twelve bits, monochrome, ...
    let Some(flags) = item.property(b"av1C").and_then(|body| body.get(2)) else {
        return Err(damaged("its properties do not describe its coding"));
    };
    let (deep, monochrome) = (flags & 0x40 != 0, flags & 0x10 != 0);
    let (mut width, mut height) = size(item)?;
    for turn in turns(item) {
        (width, height) = turn.size(width, height);
    }
    Ok(Probe {
        format: Format::Avif,
        width,
        height,
        orientation: Orientation::Normal,
        layout: match (monochrome, container.alpha().is_some()) {
            (true, false) => Layout::Gray,
            (true, true) => Layout::GrayAlpha,
            (false, false) => Layout::Rgb,
            (false, true) => Layout::Rgba,
        },
        depth: if deep { Depth::Sixteen } else { Depth::Eight },
        animated: bytes.get(8..12) == Some(b"avis"),
    })
}

/// Decodes and turns upright.
pub(super) fn decode(probe: &Probe, bytes: &[u8], limits: &Limits) -> Result<Pixels> {
    let container = open(bytes)?;
    let item = primary(&container)?;
    let coded = size(item)?;
    limits.check_pixels(coded.0, coded.1)?;
    let colour = frame(&container, item, coded)?;
    let alpha = container.alpha().map(|alpha| frame(&container, alpha, coded)).transpose()?;
    let mut pixels = planes::join(&colour, alpha.as_ref(), Nclx::of(item), container.is_premultiplied())?;
    for turn in turns(item) {
        pixels = pixels.into_viewed(turn)?;
    }
    let told = (probe.width, probe.height, probe.layout, probe.depth);
    if told != (pixels.width(), pixels.height(), pixels.layout(), pixels.depth()) {
        return Err(damaged("its headers contradict each other"));
    }
    Ok(pixels)
}

/// The frame that an item holds, which must have the size that the properties state.
fn frame(container: &Container<'_>, item: &Item<'_>, (width, height): (u32, u32)) -> Result<Picture> {
    let data = container.data(item).filter(|data| !data.is_empty());
    let data = data.ok_or_else(|| damaged("it ends within its pixels"))?;
    // The decoder counts the bytes of a plane in 32 bits.
    let Some(most) = width.checked_mul(height).filter(|&pixels| pixels < 1 << 30) else {
        return Err(unsupported("it has more than 2^30 pixels"));
    };
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(most);
    let mut decoder = Decoder::with_settings(&settings).map_err(damaged)?;
    let mut sent = decoder.send_data(data, None, None, None);
    let picture = loop {
        match decoder.get_picture() {
            Ok(picture) => break picture,
            Err(error) if !error.is_again() => return Err(damaged(error)),
            Err(error) => match sent {
                // All was sent, and no picture came of it.
                Ok(()) => return Err(damaged(error)),
                Err(error) if !error.is_again() => return Err(damaged(error)),
                Err(_) => sent = decoder.send_pending_data(),
            },
        }
    };
    if (picture.width(), picture.height()) != (width, height) {
        return Err(damaged("its headers contradict each other"));
    }
    Ok(picture)
}
