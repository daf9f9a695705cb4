//! What is put on: an image, an SVG or a text, prepared once for a size and applied to any number
//! of pictures.

mod prepared;
mod source;

pub use prepared::{Ink, Prepared, Request};
pub use source::Stamp;
