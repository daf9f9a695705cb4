//! One picture from bytes to bytes: probe, placement, prepared stamp, the way it takes, result.

mod planar;
mod splice;

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use self::splice::Spliced;
use crate::jpeg::Reuse;

use crate::blend::Curve;
use crate::composite::{Mix, composite};
use crate::recent::Recent;
use crate::spare::Spare;
use crate::stamp::{Cache, Variables};
use crate::{
    Depth, Error, Format, Ink, Layer, Layout, Metadata, Options, Orientation, Outcome, Picture, Pixels,
    Placement, Prepared, Probe, Profile, Report, Request, Result, Source, SpliceReport, Stamp, Stamped, Way,
    codec, jpeg, probe,
};

/// Puts layers on pictures; shared by any number of threads.
///
/// ```
/// use std::sync::Arc;
/// use stamp_engine::{Cache, Format, Layer, Options, Placement, Source, Stamp, Stamper};
/// # let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="red"/></svg>"##;
/// # let photo: &[u8] = include_bytes!("../../fixtures/pictures/variants/baseline-420.jpg");
///
/// let logo = Arc::new(Stamp::from_bytes(svg)?);
/// let layer = Layer { source: Source::Stamp(logo), placement: Placement::default() };
/// let stamper = Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory()))?;
/// let stamped = stamper.stamp(photo.into())?;
/// assert_eq!(Format::of(&stamped.bytes), Some(Format::Jpeg));
/// # Ok::<(), stamp_engine::Error>(())
/// ```
#[derive(Debug)]
pub struct Stamper {
    layers: Vec<Layer>,
    options: Options,
    cache: Arc<Cache>,
    texts: Recent<(usize, String, f64), Stamp>,
    profiles: Recent<(Vec<u8>, Ink), Profile>,
    reuse: Reuse,
}

impl Stamper {
    /// A stamper that puts `layers` on in their order, the first one undermost.
    ///
    /// # Errors
    /// [`Error::Setting`] when there is no layer, or a setting is out of its range.
    pub fn new(layers: Vec<Layer>, options: Options, cache: Arc<Cache>) -> Result<Self> {
        if layers.is_empty() {
            return Err(Error::Setting("there is nothing to put on; name a stamp or a text".to_owned()));
        }
        layers.iter().try_for_each(|layer| layer.placement.check())?;
        if options.encode.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(Error::Setting("the quality must lie between 1 and 100".to_owned()));
        }
        Ok(Self {
            layers,
            options,
            cache,
            texts: Recent::new(64),
            profiles: Recent::new(16),
            reuse: Reuse::new(),
        })
    }

    /// The settings this was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Stamps one picture.
    ///
    /// # Errors
    /// See [`Error`]; there is then nothing to write.
    pub fn stamp(&self, picture: Picture<'_>) -> Result<Stamped> {
        let (Taken { mut bytes, rest, .. }, report) = self.take(picture)?;
        bytes.extend_from_slice(&picture.bytes[rest..]);
        Ok(Stamped { bytes, report })
    }

    /// Stamps one picture into `output`, without holding all of it at once: behind the last block
    /// that a splice changes, the picture's own bytes are written on.
    ///
    /// # Errors
    /// As [`stamp`](Self::stamp), before anything is written; [`Error::Io`] when `output` fails.
    pub fn stamp_to(&self, picture: Picture<'_>, output: &mut impl Write) -> Result<Report> {
        self.stamp_pieces(picture, |pieces| {
            let mut written = pieces.into_iter().try_for_each(|piece| output.write_all(piece));
            written = written.and_then(|()| output.flush());
            written.map_err(|error| Error::io("output", error))
        })
    }

    /// Reads a picture to its end, within the limit on its bytes, and stamps it into `output`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use stamp_engine::{Cache, Layer, Options, Placement, Source, Stamp, Stamper};
    /// # let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="red"/></svg>"##;
    /// # let logo = Arc::new(Stamp::from_bytes(svg)?);
    /// # let layer = Layer { source: Source::Stamp(logo), placement: Placement::default() };
    /// # let stamper = Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory()))?;
    /// # let photo: &[u8] = include_bytes!("../../fixtures/pictures/variants/baseline-420.jpg");
    /// let mut stamped = Vec::new();
    /// let report = stamper.stamp_stream(photo, &mut stamped)?;
    /// assert_eq!(report.bytes_out, stamped.len() as u64);
    /// # Ok::<(), stamp_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`stamp_to`](Self::stamp_to); [`Error::Io`] when `input` fails.
    pub fn stamp_stream(&self, input: impl Read, output: &mut impl Write) -> Result<Report> {
        let limits = &self.options.limits;
        let mut bytes = Vec::new();
        let read = input.take(limits.input_bytes.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| Error::io("input", error))?;
        limits.check_bytes(bytes.len() as u64)?;
        self.stamp_to(Picture::from(&bytes[..]), output)
    }

    /// Hands the stamped picture out in two pieces: new bytes, and what of the old ones follows.
    pub(crate) fn stamp_pieces(
        &self,
        picture: Picture<'_>,
        write: impl FnOnce([&[u8]; 2]) -> Result<()>,
    ) -> Result<Report> {
        let (Taken { bytes, rest, .. }, report) = self.take(picture)?;
        let written = write([&bytes, &picture.bytes[rest..]]);
        Spare::Output.keep(bytes);
        written.map(|()| report)
    }

    fn take(&self, picture: Picture<'_>) -> Result<(Taken, Report)> {
        let probe = probe(picture.bytes, &self.options.limits)?;
        let target = self.options.format.unwrap_or(probe.format);
        let small = self.is_too_small(&probe);
        let taken = if small && target == probe.format && !self.options.strip {
            let reason = Some(SMALL);
            Taken { bytes: Vec::new(), rest: 0, frames: 1, way: Way::Copy, splice: None, reason }
        } else {
            let layers = if small { &[][..] } else { &self.layers[..] };
            self.take_a_way(layers, &picture, &probe, target)?
        };
        let (width, height) = probe.orientation.size(probe.width, probe.height);
        let outcome = if small { Outcome::PassedThrough(SMALL) } else { Outcome::Stamped };
        let report = Report {
            input_format: probe.format,
            output_format: target,
            width,
            height,
            frames: taken.frames,
            outcome,
            way: taken.way,
            splice: taken.splice,
            reason: taken.reason,
            bytes_in: picture.bytes.len() as u64,
            bytes_out: (taken.bytes.len() + picture.bytes.len() - taken.rest) as u64,
        };
        Ok((taken, report))
    }

    /// An estimate, to the safe side, of the bytes of memory that stamping the picture `bytes`
    /// takes at its height: the file, the decoded samples, the codecs' own, and the result.
    ///
    /// # Errors
    /// As [`probe`](crate::probe()).
    pub fn memory_needed(&self, bytes: &[u8]) -> Result<u64> {
        let probe = probe(bytes, &self.options.limits)?;
        let target = self.options.format.unwrap_or(probe.format);
        if self.reason_against(&self.layers, &probe, target).is_none() && jpeg::is_spliced(bytes) {
            // The file, the result, and a window on the data.
            let files = if self.options.strip { 3 } else { 2 };
            return Ok(files * bytes.len() as u64 + bytes.len() as u64 / 8 + (4 << 20));
        }
        let pixels = u64::from(probe.width) * u64::from(probe.height);
        let decoded = pixels * (probe.layout.channels() * probe.depth.bytes()) as u64;
        let of_codecs = match (probe.format, target) {
            (Format::Gif, _) => 4 * decoded,
            (_, Format::WebP | Format::Avif) => 3 * decoded,
            // A progressive decoder holds every coefficient until the last scan.
            (Format::Jpeg, _) if codec::is_progressive_jpeg(bytes) => 2 * decoded,
            (Format::Jpeg, Format::Jpeg) => decoded / 4,
            // Filtered rows or strips beside the samples.
            _ => decoded + decoded / 4,
        };
        Ok(decoded + of_codecs + 2 * bytes.len() as u64)
    }

    fn is_too_small(&self, probe: &Probe) -> bool {
        let (width, height) = probe.orientation.size(probe.width, probe.height);
        self.options.min_picture.is_some_and(|min| width < min.0 || height < min.1)
    }

    /// The splice path where it can be taken, else the pixel path.
    fn take_a_way(
        &self,
        layers: &[Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        target: Format,
    ) -> Result<Taken> {
        codec::check(probe, picture.bytes, self.options.lenient)?;
        let metadata = Metadata::read(probe.format, picture.bytes);
        match self.splice_way(layers, picture, probe, &metadata, target)? {
            Spliced::Done(jpeg::Spliced { bytes, rest, report }) => {
                Ok(Taken { bytes, rest, frames: 1, way: Way::Splice, splice: Some(report), reason: None })
            }
            Spliced::NotHere(reason) => {
                let (bytes, frames) = self.pixel_way(layers, picture, probe, metadata, target)?;
                let rest = picture.bytes.len();
                Ok(Taken { bytes, rest, frames, way: Way::Pixel, splice: None, reason: Some(reason) })
            }
        }
    }

    /// Decode, composite, encode; gives the file and its number of frames.
    fn pixel_way(
        &self,
        layers: &[Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        metadata: Metadata,
        target: Format,
    ) -> Result<(Vec<u8>, u32)> {
        let limits = &self.options.limits;
        if probe.animated && !(probe.format == Format::Gif && target == Format::Gif) {
            return Err(several_frames(probe.format, target));
        }
        let kept = if self.options.strip { metadata.stripped() } else { metadata.clone() };
        if probe.format == Format::Gif && target == Format::Gif {
            let plan = OnceLock::new();
            return codec::stamp_gif(picture.bytes, limits, &kept, &mut |canvas| {
                if plan.get().is_none() {
                    let _ = plan.set(self.plan_on(layers, picture, probe, &metadata, canvas)?);
                }
                plan.get().into_iter().flatten().for_each(|part: &Part<'_>| part.apply(canvas));
                Ok(())
            });
        }
        if let Some(bytes) = self.planar_way(layers, picture, probe, (&metadata, &kept), target)? {
            return Ok((bytes, 1));
        }
        let decode = if self.options.lenient { codec::decode_damaged } else { codec::decode };
        let mut pixels = decode(probe, picture.bytes, limits)?;
        for part in self.plan_on(layers, picture, probe, &metadata, &pixels)? {
            part.apply(&mut pixels);
        }
        let (pixels, kept) = fit_to_format(pixels, kept, probe.orientation, target)?;
        Ok((codec::encode(target, pixels, &kept, &self.options.encode, picture.bytes)?, 1))
    }

    /// Which prepared stamps go where on `pixels`.
    fn plan_on<'a>(
        &'a self,
        layers: &'a [Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        metadata: &Metadata,
        pixels: &Pixels,
    ) -> Result<Vec<Part<'a>>> {
        let stored = (pixels.width(), pixels.height());
        self.plan(layers, picture, probe, metadata, stored, pixels.layout(), pixels.depth())
    }

    /// Which prepared stamps go where on a stored grid of this size and kind.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of its own about the picture")]
    fn plan<'a>(
        &'a self,
        layers: &'a [Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        metadata: &Metadata,
        stored: (u32, u32),
        layout: Layout,
        depth: Depth,
    ) -> Result<Vec<Part<'a>>> {
        let viewed = probe.orientation.size(stored.0, stored.1);
        let ink = Ink::of(layout);
        let profile = self.profile(metadata, ink)?;
        let mut parts = Vec::with_capacity(layers.len());
        for (number, layer) in layers.iter().enumerate() {
            let stamp = self.stamp_of(number, layer, picture, metadata, viewed)?;
            let resolved = layer.placement.resolve(viewed, stamp.size())?;
            if resolved.corners.is_empty() {
                continue;
            }
            let request = Request {
                width: resolved.size.0,
                height: resolved.size.1,
                rotate: layer.placement.rotate,
                opacity: layer.placement.opacity,
                orientation: probe.orientation,
                ink,
                depth,
                profile: Arc::clone(&profile),
            };
            let prepared = self.cache.get(&stamp, &request)?;
            let to_stored = |corner| probe.orientation.rect_to_stored(corner, resolved.bounds, stored);
            parts.push(Part {
                corners: resolved.corners.iter().copied().map(to_stored).collect(),
                prepared,
                placement: &layer.placement,
                curve: layer.placement.linear.then(|| profile.curve()),
            });
        }
        Ok(parts)
    }

    fn stamp_of(
        &self,
        number: usize,
        layer: &Layer,
        picture: &Picture<'_>,
        metadata: &Metadata,
        viewed: (u32, u32),
    ) -> Result<Arc<Stamp>> {
        match &layer.source {
            Source::Stamp(stamp) => Ok(Arc::clone(stamp)),
            Source::Text { template, style } => {
                let exif = metadata.exif.as_deref();
                let variables = Variables::of(picture.name, exif, viewed, picture.modified, picture.index);
                let text = template.render(&variables);
                let em = style.size.of(viewed.0.min(viewed.1));
                self.texts.get((number, text, em), |(_, text, em)| Stamp::text(text, style, *em))
            }
        }
    }

    fn profile(&self, metadata: &Metadata, ink: Ink) -> Result<Arc<Profile>> {
        let icc = metadata.icc.clone().unwrap_or_default();
        self.profiles.get((icc, ink), |(icc, ink)| match icc.is_empty() {
            true => Ok(Profile::srgb()),
            false => Profile::from_icc(icc, *ink),
        })
    }
}

const SMALL: &str = "smaller than the least size of picture to be stamped";

/// The way that was taken and what came of it.
struct Taken {
    bytes: Vec<u8>,
    /// Behind `bytes` the picture's own bytes go on, from here to their end.
    rest: usize,
    frames: u32,
    way: Way,
    splice: Option<SpliceReport>,
    reason: Option<&'static str>,
}

/// A prepared stamp and the places it goes, in the stored grid.
struct Part<'a> {
    prepared: Arc<Prepared>,
    corners: Vec<(i64, i64)>,
    placement: &'a Placement,
    curve: Option<Arc<Curve>>,
}

impl Part<'_> {
    fn for_splice(&self) -> jpeg::Part<'_> {
        jpeg::Part { stamp: &self.prepared, corners: &self.corners }
    }

    fn apply(&self, pixels: &mut Pixels) {
        let mix = Mix { mode: self.placement.blend, linear: self.curve.as_deref() };
        for &corner in &self.corners {
            composite(pixels, &self.prepared, corner, mix);
        }
    }
}

fn several_frames(from: Format, to: Format) -> Error {
    let reason = match from {
        Format::Gif => format!("an animation cannot be written as {to}; leave it a GIF"),
        Format::Tiff => "it has several pages; split it into files of one page".to_owned(),
        _ => format!("animated {from} is not stamped; make a GIF of it, or still pictures"),
    };
    Error::unsupported(from, reason)
}

/// Changes the pixels where `target` cannot say what their metadata says of them: how they are
/// viewed, and which colours they mean.
fn fit_to_format(
    pixels: Pixels,
    metadata: Metadata,
    orientation: Orientation,
    target: Format,
) -> Result<(Pixels, Metadata)> {
    if pixels.layout() == Layout::Cmyk && !matches!(target, Format::Jpeg) {
        let advice = "CMYK can only be written as JPEG; convert the picture to RGB first";
        return Err(Error::unsupported(target, advice));
    }
    let (mut pixels, mut metadata) = (pixels, metadata);
    if !codec::holds_orientation(target) && orientation != Orientation::Normal {
        pixels = pixels.into_viewed(orientation)?;
        metadata = metadata.upright();
    }
    if !codec::holds_icc(target)
        && let Some(icc) = metadata.icc.take()
    {
        crate::colour::to_srgb(&mut pixels, &icc)?;
    }
    Ok((pixels, metadata))
}
