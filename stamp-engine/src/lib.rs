//! Stamp pictures: put a logo, a badge or a text on them.

mod batch;
pub mod blend;
mod codec;
mod colour;
mod composite;
mod error;
mod file;
mod format;
mod limits;
mod metadata;
mod orientation;
mod picture;
mod pixels;
mod placement;
mod probe;
mod recent;
mod stamp;
mod stamper;

pub use batch::{Batch, Cancel, FileJob, Progress};
pub use blend::Mode;
pub use codec::EncodeOptions;
pub use colour::Profile;
pub use error::{Error, Result};
pub use file::{WriteOptions, write_file};
pub use format::Format;
pub use limits::{Limits, available_memory};
pub use metadata::Metadata;
pub use orientation::Orientation;
pub use picture::{Layer, Options, Outcome, Picture, Report, Source, Stamped, Way};
pub use pixels::{Depth, Layout, Pixels, Samples};
pub use placement::{At, Gravity, Length, Placement, Resolved, Size, Tile};
pub use probe::{Probe, probe};
pub use stamp::{Cache, CacheOptions, Ink, Prepared, Request, Stamp, TextStyle, TextTemplate};
pub use stamper::Stamper;
