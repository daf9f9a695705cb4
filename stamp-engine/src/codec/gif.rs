//! GIF in and out, with every frame of an animation.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::io::Write as _;

use gif::{
    ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, Encoder, EncodingError, Frame,
    MemoryLimit,
};

use super::channels::coloured_eight;
use super::palette::{index, is_solid};
use crate::metadata::gif::{Block, blocks, extensions};
use crate::{Depth, Error, Format, Layout, Limits, Metadata, Orientation, Pixels, Probe, Result, Samples};

type Rgba = [u8; 4];

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let Some(&[w0, w1, h0, h1]) = bytes.get(6..10) else { return Err(damaged("it ends within its header")) };
    let (width, height) = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
    if width == 0 || height == 0 {
        return Err(damaged("its header states no size"));
    }
    Ok(Probe {
        format: Format::Gif,
        width: width.into(),
        height: height.into(),
        orientation: Orientation::Normal,
        layout: Layout::Rgba,
        depth: Depth::Eight,
        animated: blocks(bytes).filter(|block| matches!(block, Block::Frame)).nth(1).is_some(),
    })
}

fn damaged(reason: impl std::fmt::Display) -> Error {
    Error::decode(Format::Gif, reason)
}

fn cannot(error: EncodingError) -> Error {
    Error::encode(Format::Gif, error)
}

/// Plays a GIF: what is on the canvas when a frame is shown.
struct Player<'a> {
    decoder: Decoder<&'a [u8]>,
    limits: &'a Limits,
    width: usize,
    height: usize,
    canvas: Vec<Rgba>,
    /// What becomes of the last frame's area before the next one is drawn.
    left: Left,
    frames: u64,
}

enum Left {
    Standing,
    Cleared(Area),
    Restored(Vec<Rgba>),
}

/// A rectangle of the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl<'a> Player<'a> {
    fn new(bytes: &'a [u8], limits: &'a Limits) -> Result<Self> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        let most = usize::try_from(limits.pixels.saturating_mul(4)).unwrap_or(usize::MAX);
        if let Ok(most) = u64::try_from(most).map(|most| most.max(1)).map(std::num::NonZeroU64::new) {
            options.set_memory_limit(most.map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
        }
        let decoder = options.read_info(bytes).map_err(damaged)?;
        let (width, height) = (decoder.width(), decoder.height());
        if width == 0 || height == 0 {
            return Err(damaged("its header states no size"));
        }
        limits.check_pixels(width.into(), height.into())?;
        let (width, height) = (usize::from(width), usize::from(height));
        let canvas = vec![[0; 4]; width * height];
        Ok(Self { decoder, limits, width, height, canvas, left: Left::Standing, frames: 0 })
    }

    /// Draws the next frame; gives its delay (in hundredths of a second) and whether it waits for
    /// the user. `None` after the last.
    fn next(&mut self) -> Result<Option<(u16, bool)>> {
        match std::mem::replace(&mut self.left, Left::Standing) {
            Left::Standing => {}
            Left::Restored(canvas) => self.canvas = canvas,
            Left::Cleared(area) => area.rows(self.width).for_each(|row| self.canvas[row].fill([0; 4])),
        }
        let frame = match self.decoder.next_frame_info() {
            Ok(Some(frame)) => frame.clone(),
            Ok(None) => return Ok(None),
            // Many writers forget the trailer.
            Err(DecodingError::Io(_)) if self.frames > 0 => return Ok(None),
            Err(error) => return Err(damaged(error)),
        };
        self.frames += 1;
        self.limits.check_animation(self.width as u32, self.height as u32, self.frames)?;
        self.limits.check_pixels(frame.width.into(), frame.height.into())?;
        let mut drawn = vec![0; self.decoder.buffer_size()];
        self.decoder.read_into_buffer(&mut drawn).map_err(damaged)?;
        let area = Area {
            x: usize::from(frame.left).min(self.width),
            y: usize::from(frame.top).min(self.height),
            width: usize::from(frame.width).min(self.width.saturating_sub(frame.left.into())),
            height: usize::from(frame.height).min(self.height.saturating_sub(frame.top.into())),
        };
        self.left = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Left::Standing,
            DisposalMethod::Background => Left::Cleared(area),
            DisposalMethod::Previous => Left::Restored(self.canvas.clone()),
        };
        let stride = usize::from(frame.width);
        let (pixels, _) = drawn.as_chunks::<4>();
        for (row, line) in area.rows(self.width).zip(pixels.chunks_exact(stride.max(1))) {
            for (under, over) in self.canvas[row].iter_mut().zip(line) {
                if is_solid(over) {
                    *under = *over;
                }
            }
        }
        Ok(Some((frame.delay, frame.needs_user_input)))
    }

    /// The background colour as a palette in which it comes first, where the encoder looks for it.
    /// Browsers clear to nothing; other viewers clear to this colour.
    fn background(&self) -> Vec<u8> {
        let number = self.decoder.bg_color().unwrap_or(0);
        let palette = self.decoder.global_palette().unwrap_or_default();
        match palette.get(3 * number..3 * number + 3) {
            Some(colour) => [colour, &[0; 3]].concat(),
            None => Vec::new(),
        }
    }

    fn shown(&self) -> Result<Pixels> {
        let samples = Samples::U8(self.canvas.as_flattened().to_vec());
        Pixels::new(self.width as u32, self.height as u32, Layout::Rgba, samples)
    }
}

impl Area {
    /// The area's rows as ranges of a canvas that is `stride` pixels wide.
    fn rows(self, stride: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        (self.y..self.y + self.height).map(move |y| y * stride + self.x..y * stride + self.x + self.width)
    }

    fn cut<T: Copy>(self, canvas: &[T], stride: usize) -> Vec<T> {
        self.rows(stride).flat_map(|row| &canvas[row]).copied().collect()
    }

    /// The least area that holds every place where two canvases fulfil `wanted`.
    fn around(old: &[Rgba], new: &[Rgba], stride: usize, wanted: fn((&Rgba, &Rgba)) -> bool) -> Option<Self> {
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, None, 0);
        for (y, (old, new)) in old.chunks_exact(stride).zip(new.chunks_exact(stride)).enumerate() {
            let Some(first) = old.iter().zip(new).position(wanted) else { continue };
            let last = old.iter().zip(new).rposition(wanted).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last));
            (top, bottom) = (top.or(Some(y)), y);
        }
        top.map(|top| Self { x: left, y: top, width: right - left + 1, height: bottom - top + 1 })
    }

    /// The least area that a frame must redraw to change one canvas into another; one pixel when
    /// they are the same, because a frame cannot be empty.
    fn changed(old: &[Rgba], new: &[Rgba], stride: usize) -> Self {
        Self::around(old, new, stride, |(old, new)| old != new && (is_solid(old) || is_solid(new)))
            .unwrap_or(Self { x: 0, y: 0, width: 1, height: 1 })
    }

    fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }
}

/// A frame that is only written once it is known what the next one needs.
struct Pending {
    pixels: Vec<Rgba>,
    kept: Vec<bool>,
    area: Area,
    delay: u16,
    waits: bool,
}

impl Pending {
    /// Writes the frame so that the one that shows `next` can follow; gives what is on the canvas
    /// before that one is drawn. Solid pixels that turn clear must be removed with this frame.
    fn leave(&mut self, encoder: &mut Encoder<Vec<u8>>, next: &[Rgba], width: usize) -> Result<Vec<Rgba>> {
        let turn_clear =
            Area::around(&self.pixels, next, width, |(old, new)| is_solid(old) && !is_solid(new));
        let Some(turn_clear) = turn_clear else {
            self.write(encoder, width, DisposalMethod::Keep)?;
            return Ok(std::mem::take(&mut self.pixels));
        };
        self.area = self.area.union(turn_clear);
        self.write(encoder, width, DisposalMethod::Background)?;
        self.area.rows(width).for_each(|row| self.pixels[row].fill([0; 4]));
        Ok(std::mem::take(&mut self.pixels))
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>, width: usize, dispose: DisposalMethod) -> Result<()> {
        // Some viewers clear to the background colour unless the frame names a clear entry.
        let needs_clear = dispose == DisposalMethod::Background;
        let indexed =
            index(&self.area.cut(&self.pixels, width), &self.area.cut(&self.kept, width), needs_clear);
        // The canvas has at most 65,535 pixels a side.
        let frame = Frame {
            delay: self.delay,
            dispose,
            transparent: indexed.clear,
            needs_user_input: self.waits,
            left: self.area.x as u16,
            top: self.area.y as u16,
            width: self.area.width as u16,
            height: self.area.height as u16,
            interlaced: false,
            palette: Some(indexed.palette),
            buffer: Cow::Owned(indexed.indices),
        };
        encoder.write_frame(&frame).map_err(cannot)
    }
}

/// Stamps every frame of a GIF.
pub(crate) fn stamp_gif(
    bytes: &[u8],
    limits: &Limits,
    metadata: &Metadata,
    stamp: &mut dyn FnMut(&mut Pixels) -> Result<()>,
) -> Result<(Vec<u8>, u32)> {
    let mut player = Player::new(bytes, limits)?;
    let (width, height) = (player.width, player.height);
    // Before any is drawn: each costs some passes over the canvas.
    let frames = blocks(bytes).filter(|block| matches!(block, Block::Frame)).count();
    limits.check_animation(width as u32, height as u32, frames as u64)?;
    let whole = Area { x: 0, y: 0, width, height };
    let background = player.background();
    let mut encoder = Encoder::new(Vec::new(), width as u16, height as u16, &background).map_err(cannot)?;
    let mut pending = None::<Pending>;
    let mut frames = 0;
    while let Some((delay, waits)) = player.next()? {
        let mut stamped = player.shown()?;
        stamp(&mut stamped)?;
        let Samples::U8(samples) = stamped.into_samples() else { return Err(damaged("it has 16 bits")) };
        let pixels = samples.as_chunks::<4>().0.to_vec();
        let kept = pixels.iter().zip(&player.canvas).map(|(new, old)| new == old).collect();
        let area = match &mut pending {
            None => {
                encoder.set_repeat(player.decoder.repeat()).map_err(cannot)?;
                encoder.get_mut().write_all(&extensions(metadata)).map_err(|error| cannot(error.into()))?;
                whole
            }
            Some(last) => {
                let base = last.leave(&mut encoder, &pixels, width)?;
                Area::changed(&base, &pixels, width)
            }
        };
        pending = Some(Pending { pixels, kept, area, delay, waits });
        frames += 1;
    }
    let Some(last) = pending else { return Err(damaged("it has no frame")) };
    last.write(&mut encoder, width, DisposalMethod::Keep)?;
    Ok((encoder.into_inner().map_err(cannot)?, frames))
}

pub(super) fn decode(probe: &Probe, bytes: &[u8], limits: &Limits) -> Result<Pixels> {
    let mut player = Player::new(bytes, limits)?;
    if (player.width, player.height) != (probe.width as usize, probe.height as usize) {
        return Err(damaged("its headers contradict each other"));
    }
    player.next()?.ok_or_else(|| damaged("it has no frame"))?;
    player.shown()
}

/// One frame.
pub(super) fn encode(pixels: Pixels, metadata: &Metadata) -> Result<Vec<u8>> {
    let pixels = coloured_eight(pixels)?;
    let (Ok(width), Ok(height)) = (u16::try_from(pixels.width()), u16::try_from(pixels.height())) else {
        return Err(Error::encode(Format::Gif, "it is wider or higher than 65,535 pixels"));
    };
    let layout = pixels.layout();
    let Samples::U8(samples) = pixels.into_samples() else { return Err(damaged("it has 16 bits")) };
    let pixels = match layout {
        Layout::Rgba => samples.as_chunks::<4>().0.to_vec(),
        _ => samples.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, 255]).collect(),
    };
    let mut encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(cannot)?;
    encoder.get_mut().write_all(&extensions(metadata)).map_err(|error| cannot(error.into()))?;
    let kept = vec![false; pixels.len()];
    let area = Area { x: 0, y: 0, width: width.into(), height: height.into() };
    let pending = Pending { pixels, kept, area, delay: 0, waits: false };
    pending.write(&mut encoder, width.into(), DisposalMethod::Any)?;
    encoder.into_inner().map_err(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every frame as shown, with its delay; clear pixels have no colour.
    fn played(bytes: &[u8]) -> Vec<(u16, Vec<Rgba>)> {
        let limits = Limits::default();
        let mut player = Player::new(bytes, &limits).unwrap();
        let mut frames = Vec::new();
        while let Some((delay, _)) = player.next().unwrap() {
            let shown = player.canvas.iter().map(|pixel| if is_solid(pixel) { *pixel } else { [0; 4] });
            frames.push((delay, shown.collect()));
        }
        frames
    }

    #[test]
    fn only_stamped_pixels_of_an_animation_change() {
        let bytes = include_bytes!("../../../fixtures/pictures/variants/animated.gif");
        let mut stamp = |pixels: &mut Pixels| {
            let row = pixels.row_len();
            let Samples::U8(samples) = pixels.samples_mut() else { return Ok(()) };
            (10..40).for_each(|y| samples[y * row + 40..y * row + 120].fill(255));
            Ok(())
        };
        let (file, frames) = stamp_gif(bytes, &Limits::default(), &Metadata::default(), &mut stamp).unwrap();
        assert_eq!(frames, 7);
        let (before, after) = (played(bytes), played(&file));
        assert_eq!(after.len(), 7);
        for (number, ((delay, old), (new_delay, new))) in before.iter().zip(&after).enumerate() {
            assert_eq!(delay, new_delay);
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                let stamped = (10..40).contains(&(at / 300)) && (10..30).contains(&(at % 300));
                assert_eq!(if stamped { &[255; 4] } else { old }, new, "frame {number}, pixel {at}");
            }
        }
        assert!(file.len() < 2 * bytes.len(), "{} bytes became {}", bytes.len(), file.len());
    }

    #[test]
    fn clear_pixels_and_loops_are_kept() {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 2, 1, &[]).unwrap();
        encoder.set_repeat(gif::Repeat::Finite(3)).unwrap();
        for indices in [[0, 1], [1, 0]] {
            let palette = Some(vec![9, 8, 7, 0, 0, 0]);
            let (transparent, dispose) = (Some(1), DisposalMethod::Background);
            let buffer = Cow::Owned(indices.to_vec());
            let frame =
                Frame { width: 2, height: 1, palette, transparent, dispose, buffer, ..Frame::default() };
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        let (stamped, _) =
            stamp_gif(&file, &Limits::default(), &Metadata::default(), &mut |_| Ok(())).unwrap();
        assert_eq!(played(&stamped), played(&file));
        let decoder = Decoder::new(&stamped[..]).unwrap();
        assert!(matches!(decoder.repeat(), gif::Repeat::Finite(3)));
    }
}
