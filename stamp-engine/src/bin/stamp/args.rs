//! What may be typed, on the command line and in a configuration file: one definition of the
//! names, their help and their kinds.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, ValueEnum, ValueHint};
use serde::Deserialize;
use stamp_engine::{At, Format, Length, Mode, Path, Size, TextTemplate};

use crate::values::{Bytes, Color, Dimensions, Offset, TileWish};

const EXAMPLES: &str = "\
Examples:
  stamp photo.jpg --stamp logo.png --output stamped.jpg
  stamp holiday/ --stamp logo.svg --at top-left --size 15% --opacity 0.7 --out stamped/
  stamp *.jpg --text \"© {year} {name}\" --color white --out stamped/
  stamp *.jpg --stamp logo.png --tile --rotate 30 --opacity 0.2 --out stamped/
  curl -s https://example.org/a.jpg | stamp - --stamp logo.png > a.jpg

Options of a layer (--at to --text-size) apply to the --stamp or --text before them; those before
the first --stamp or --text apply to every layer.";

/// Put a logo, a badge or a text on pictures.
///
/// Reads JPEG, PNG, WebP, GIF (animated too), TIFF, BMP and AVIF, by content and not by name.
/// Exit codes: 0 all stamped, 1 some failed (listed at the end), 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "stamp", version, after_help = EXAMPLES, max_term_width = 100)]
#[cfg_attr(feature = "s3", command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true))]
pub(crate) struct Cli {
    #[cfg(feature = "s3")]
    #[command(subcommand)]
    pub(crate) command: Option<crate::s3::Command>,
    /// Files, folders (with all below them), globs, or - for standard input to standard output
    #[arg(value_name = "PICTURES", value_hint = ValueHint::AnyPath, required_unless_present_any = ["completions", "man"])]
    pub(crate) pictures: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) layers: LayerArgs,
    #[command(flatten)]
    pub(crate) wishes: Wishes,
    /// Read settings from this TOML file: the same names as the options, without the dashes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Running")]
    pub(crate) config: Option<PathBuf>,
    /// Print a completion script for the shell, and do nothing else
    #[arg(long, value_name = "SHELL")]
    pub(crate) completions: Option<clap_complete::Shell>,
    /// Print the manual page (roff), and do nothing else
    #[arg(long)]
    pub(crate) man: bool,
}

/// What is put on and how; each may be given several times, see [`crate::layers`].
#[derive(Debug, Args)]
#[command(next_help_heading = "Layers")]
pub(crate) struct LayerArgs {
    /// Put on this image (any format that is read) or SVG
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub(crate) stamp: Vec<PathBuf>,
    /// Put on this text; {name}, {year}, {date}, {camera} and others stand for facts of the picture
    #[arg(long, value_name = "TEXT", action = ArgAction::Append)]
    pub(crate) text: Vec<TextTemplate>,
    /// Place: top-left, top, top-right, left, center, right, bottom-left, bottom, bottom-right, or
    /// X,Y from the top left corner of the picture as viewed [default: bottom-right]
    #[arg(long, value_name = "PLACE", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) at: Vec<At>,
    /// Move right and down from the place, in px or % of the picture [default: 0,0]
    #[arg(long, value_name = "X,Y", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) offset: Vec<Offset>,
    /// Distance from the edges, in px or % of the shorter side [default: 2%]
    #[arg(long, value_name = "LENGTH", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) margin: Vec<Length>,
    /// original, fit, fill, a width (300px, 20%), h:HEIGHT, or s:N% of the shorter side
    /// [default: 20% for a stamp, original for a text]
    #[arg(long, value_name = "SIZE", action = ArgAction::Append)]
    pub(crate) size: Vec<Size>,
    /// Turn clockwise [default: 0]
    #[arg(long, value_name = "DEGREES", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) rotate: Vec<f64>,
    /// Repeat over the whole picture, GAP apart, every second row shifted by STAGGER of the step
    /// [default when given without a value: 50%,0.5]
    #[arg(long, value_name = "GAP[,STAGGER]", action = ArgAction::Append, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) tile: Vec<TileWish>,
    /// From 0, not to be seen, to 1 [default: 1]
    #[arg(long, value_name = "SHARE", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) opacity: Vec<f64>,
    /// over, multiply, screen, overlay, darken, lighten or soft-light [default: over]
    #[arg(long, value_name = "MODE", action = ArgAction::Append)]
    pub(crate) blend: Vec<Mode>,
    /// Mix in linear light instead of in encoded values
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    pub(crate) linear: Vec<bool>,
    /// Font of a text: the name of an installed family, or a font file [default: built in]
    #[arg(long, value_name = "FONT", action = ArgAction::Append)]
    pub(crate) font: Vec<String>,
    /// Colour of a text: a CSS colour such as white or #ff000080 [default: white]
    #[arg(long, value_name = "COLOUR", action = ArgAction::Append)]
    pub(crate) color: Vec<Color>,
    /// Size of a text's letters, in px or % of the picture's shorter side [default: 4%]
    #[arg(long, value_name = "LENGTH", action = ArgAction::Append)]
    pub(crate) text_size: Vec<Length>,
}

/// Everything that is not a layer's.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Wishes {
    /// Write into this folder, under the inputs' names; the tree below a given folder is kept
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Write the one picture to this file; its extension chooses the format, .gif and .bmp only where the
    /// picture is one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["out", "suffix"], help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Add to the names, before the extension; without --out, beside the inputs, where what earlier runs
    /// wrote is not stamped again
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub(crate) suffix: Option<String>,
    /// Format to write [default: as the input]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<OutputFormat>,
    /// 1 to 100, for JPEG, lossy WebP and AVIF [default: as a JPEG input, else 90]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output")]
    pub(crate) quality: Option<u8>,
    /// Write WebP lossless, or with --lossless=false lossy [default: as a WebP input, else lossy]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Output")]
    pub(crate) lossless: Option<bool>,
    /// Remove all metadata but the colour profile
    #[arg(long, help_heading = "Output")]
    pub(crate) strip: bool,
    /// Replace outputs that are already there, inputs too when they are the outputs
    #[arg(long, help_heading = "Output")]
    pub(crate) overwrite: bool,
    /// Skip pictures that were already stamped with the same settings and not changed since
    #[arg(long, help_heading = "Output")]
    pub(crate) resume: bool,
    /// Give outputs the modification times and permissions of their inputs
    #[arg(long, help_heading = "Output")]
    pub(crate) preserve: bool,
    /// Way through the engine: splice changes only the blocks of a JPEG under the stamp, pixel
    /// decodes and encodes all of the picture [default: splice where it can be]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub(crate) path: Option<PathWish>,
    /// Stamp what is there of a damaged or truncated JPEG; what is missing is gray
    #[arg(long, help_heading = "Output")]
    pub(crate) lenient: bool,
    /// Leave pictures narrower than W or lower than H unstamped
    #[arg(long, value_name = "WxH", help_heading = "Output")]
    pub(crate) min_picture: Option<Dimensions>,

    /// Pictures at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Running")]
    pub(crate) jobs: Option<u16>,
    /// Memory for all pictures in hand, such as 2GiB or 25% [default: 50% of what there is]
    #[arg(long, value_name = "BYTES", help_heading = "Running")]
    pub(crate) memory: Option<Bytes>,
    /// Refuse pictures of more pixels [default: 268435456]
    #[arg(long, value_name = "N", help_heading = "Running")]
    pub(crate) limit_pixels: Option<u64>,
    /// Refuse files that are longer, such as 100MB [default: 1GiB]
    #[arg(long, value_name = "BYTES", help_heading = "Running")]
    pub(crate) limit_bytes: Option<Bytes>,
    /// Go on when a picture fails (the default)
    #[arg(long, conflicts_with = "fail_fast", help_heading = "Running")]
    pub(crate) keep_going: bool,
    /// Begin no other picture once one has failed
    #[arg(long, help_heading = "Running")]
    pub(crate) fail_fast: bool,
    /// Say what would be written, and write nothing
    #[arg(long, help_heading = "Running")]
    pub(crate) dry_run: bool,
    /// Take from this process, before it reads a picture, all files but the pictures, stamps and fonts named, the
    /// folders written to and the cache, and all sockets and other programs (Linux 5.13 or newer)
    #[arg(long, help_heading = "Running")]
    pub(crate) sandbox: bool,
    /// Keep prepared stamps and the notes for --resume in this folder [default: the system's]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Running")]
    pub(crate) cache: Option<PathBuf>,

    /// One line of JSON for each picture on standard output
    #[arg(long, help_heading = "Reporting")]
    pub(crate) json: bool,
    /// Only failures
    #[arg(long, help_heading = "Reporting")]
    pub(crate) quiet: bool,
}

/// A way through the engine.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathWish {
    Auto,
    Splice,
    Pixel,
}

impl From<PathWish> for Path {
    fn from(path: PathWish) -> Self {
        match path {
            PathWish::Auto => Self::Auto,
            PathWish::Splice => Self::Splice,
            PathWish::Pixel => Self::Pixel,
        }
    }
}

/// A format that can be chosen for the output.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutputFormat {
    #[value(alias = "jpg")]
    #[serde(alias = "jpg")]
    Jpeg,
    Png,
    Webp,
    Avif,
    #[value(alias = "tif")]
    #[serde(alias = "tif")]
    Tiff,
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Jpeg => Self::Jpeg,
            OutputFormat::Png => Self::Png,
            OutputFormat::Webp => Self::WebP,
            OutputFormat::Avif => Self::Avif,
            OutputFormat::Tiff => Self::Tiff,
        }
    }
}
