//! What goes into stamping one picture and what comes out of it.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::SystemTime;

use crate::stamp::{TextStyle, TextTemplate};
use crate::{EncodeOptions, Format, Limits, Placement, SpliceReport, Stamp};

/// One thing that is put on, and where.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What.
    pub source: Source,
    /// Where, how large, how mixed.
    pub placement: Placement,
}

/// What a layer puts on.
#[derive(Clone, Debug)]
pub enum Source {
    /// The same stamp on every picture.
    Stamp(Arc<Stamp>),
    /// A text in which variables stand for facts of the picture.
    Text {
        /// The text with its variables, such as `© {year} {name}`.
        template: TextTemplate,
        /// Font, size and colour.
        style: TextStyle,
    },
}

/// What is done to every picture beside stamping it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The format to write; `None` writes each picture in its own.
    pub format: Option<Format>,
    /// Quality and kind of compression.
    pub encode: EncodeOptions,
    /// Remove all metadata but what decides how the pixels look (ICC profile, orientation).
    pub strip: bool,
    /// Pictures narrower or lower than this (as viewed, in pixels) are passed through unstamped.
    pub min_picture: Option<(u32, u32)>,
    /// Which way pictures take through the engine.
    pub path: Path,
    /// Stamp what is there of a damaged or truncated JPEG instead of refusing it. Where the splice
    /// path cannot pass the damage, the picture is decoded, and what is missing is gray.
    pub lenient: bool,
    /// What a picture may ask of the machine.
    pub limits: Limits,
}

/// Which way pictures take through the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Path {
    /// The splice path for every picture that can take it, else the pixel path.
    #[default]
    Auto,
    /// The splice path; a picture that cannot take it is refused.
    Splice,
    /// The pixel path.
    Pixel,
}

/// A picture file in memory with what is known of it from outside.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The file's bytes.
    pub bytes: &'a [u8],
    /// Its path, for the text variables `{name}`, `{file}` and so on.
    pub name: Option<&'a FilePath>,
    /// When the file was last changed, for `{year}` and `{date}` where EXIF has none.
    pub modified: Option<SystemTime>,
    /// Its number in the batch, for `{index}`.
    pub index: u64,
}

impl<'a> From<&'a [u8]> for Picture<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes, name: None, modified: None, index: 0 }
    }
}

/// A stamped picture.
#[derive(Clone, Debug)]
pub struct Stamped {
    /// The new file's bytes.
    pub bytes: Vec<u8>,
    /// What was done.
    pub report: Report,
}

/// What was done to one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The format read.
    pub input_format: Format,
    /// The format written.
    pub output_format: Format,
    /// Width as viewed, in pixels.
    pub width: u32,
    /// Height as viewed, in pixels.
    pub height: u32,
    /// Frames of an animation, else 1.
    pub frames: u32,
    /// Whether the stamp was put on.
    pub outcome: Outcome,
    /// The way the picture took through the engine.
    pub way: Way,
    /// What the splice path did, where it was taken.
    pub splice: Option<SpliceReport>,
    /// Why the splice path was not taken.
    pub reason: Option<&'static str>,
    /// Length of the file read.
    pub bytes_in: u64,
    /// Length of the file written.
    pub bytes_out: u64,
}

/// Whether the stamp was put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was.
    Stamped,
    /// It was left off, as asked; the reason.
    PassedThrough(&'static str),
}

/// The way a picture took through the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Only the blocks under the stamp were decoded and coded again, all other bits copied.
    Splice,
    /// Decoded, composited, encoded.
    Pixel,
    /// Copied byte for byte.
    Copy,
}

impl Way {
    /// The name that reports bear: `splice`, `pixel` or `copy`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Splice => "splice",
            Self::Pixel => "pixel",
            Self::Copy => "copy",
        }
    }
}
