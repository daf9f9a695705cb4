//! Stamp pictures: put a logo, a badge or a text on them.

mod blend;
mod codec;
mod colour;
mod error;
mod format;
mod limits;
mod metadata;
mod orientation;
mod pixels;
mod placement;
mod probe;
mod stamp;

pub use blend::Mode;
pub use codec::EncodeOptions;
pub use colour::Profile;
pub use error::{Error, Result};
pub use format::Format;
pub use limits::{Limits, available_memory};
pub use metadata::Metadata;
pub use orientation::Orientation;
pub use pixels::{Depth, Layout, Pixels, Samples};
pub use placement::{At, Gravity, Length, Placement, Size, Tile};
pub use probe::{Probe, probe};
pub use stamp::{Ink, Prepared, Request, Stamp};
