//! Stamp pictures: put a logo, a badge or a text on them, one or a hundred million.
//!
//! Open a stamp, choose a place, stamp bytes, files, or a batch that can be watched and cancelled:
//!
//! ```standalone_crate
//! use std::sync::Arc;
//! use stamp_engine::{
//!     Batch, Cache, CacheOptions, Cancel, FileJob, Layer, Options, Placement, Source, Stamp, Stamper, WriteOptions,
//! };
//! # let folder = tempfile::tempdir()?;
//! # let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
//! # std::fs::copy(format!("{fixtures}/stamps/logo.png"), folder.path().join("logo.png"))?;
//! # std::fs::copy(format!("{fixtures}/pictures/variants/baseline-420.jpg"), folder.path().join("photo.jpg"))?;
//! # std::env::set_current_dir(folder.path())?;
//!
//! let logo = Arc::new(Stamp::from_bytes(&std::fs::read("logo.png")?)?);
//! let placement = Placement { at: "bottom-right".parse()?, size: "15%".parse()?, opacity: 0.8, ..Placement::default() };
//! let layer = Layer { source: Source::Stamp(logo), placement };
//! let cache = Arc::new(Cache::new(CacheOptions::default())); // memory, and a folder in /tmp
//! let stamper = Stamper::new(vec![layer], Options::default(), cache)?;
//!
//! // Bytes to bytes.
//! let photo = std::fs::read("photo.jpg")?;
//! let stamped = stamper.stamp(photo.as_slice().into())?;
//! println!("{} × {} pixels, {} bytes", stamped.report.width, stamped.report.height, stamped.bytes.len());
//!
//! // File to file: written beside its place, flushed and renamed.
//! stamper.stamp_file("photo.jpg".as_ref(), "stamped.jpg".as_ref(), &WriteOptions::default())?;
//!
//! // Many at once, within half of the memory there is; another thread may call `cancel.cancel()`.
//! let jobs = [FileJob { input: "photo.jpg".into(), output: "out/photo.jpg".into(), index: 1 }];
//! let cancel = Cancel::new();
//! let results = Batch::new(&stamper).cancel(&cancel).files(&jobs, &WriteOptions::default(), |done| {
//!     println!("picture {}: {:?}", done.position, done.result);
//! });
//! assert!(results.iter().all(|result| result.is_ok()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way a picture takes: [`probe`] reads its headers and checks the [`Limits`]; the
//! [`Placement`] is worked out in the picture as viewed; the [`Cache`] gives the [`Prepared`]
//! stamp for that size. A JPEG is then spliced: only its blocks under the stamp are decoded, changed
//! and coded again. Everything else, or all with [`Path::Pixel`], is decoded, [`composite`]d and
//! encoded; the [`Report`] says which path was taken and why.
//!
//! Features: `cli` (the `stamp` command, on by default; a library user switches it off), `avif`, and `sandbox`.

mod batch;
pub mod blend;
mod codec;
mod colour;
mod composite;
mod error;
mod file;
mod format;
mod jpeg;
mod limits;
mod metadata;
mod orientation;
mod picture;
mod pixels;
mod placement;
mod probe;
mod recent;
#[cfg(feature = "sandbox")]
mod sandbox;
mod spare;
mod stamp;
mod stamper;
mod thumbnail;

pub use batch::{Batch, Cancel, Progress};
pub use blend::Mode;
pub use codec::EncodeOptions;
pub use colour::Profile;
pub use composite::{Mix, composite};
pub use error::{Error, Result};
pub use file::{FileJob, WriteOptions, write_file};
pub use format::Format;
pub use jpeg::SpliceReport;
#[cfg(feature = "parts")]
#[doc(hidden)]
pub use jpeg::parts;
pub use limits::{Limits, available_memory};
pub use metadata::Metadata;
pub use orientation::Orientation;
pub use picture::{Layer, Options, Outcome, Path, Picture, Report, Source, Stamped, Way};
pub use pixels::{Depth, Layout, Pixels, Samples};
pub use placement::{At, Gravity, Length, Placement, Resolved, Size, Tile};
pub use probe::{Probe, probe};
#[cfg(feature = "sandbox")]
pub use sandbox::{Confined, Sandbox};
pub use stamp::{Cache, CacheOptions, Ink, Prepared, Request, Stamp, TextStyle, TextTemplate, is_font_file};
pub use stamper::Stamper;
pub use thumbnail::{thumbnail, thumbnail_memory};
