//! What is put on: an image, an SVG or a text, prepared once for a size and applied to any number
//! of pictures.

mod cache;
mod fonts;
mod image;
mod prepared;
mod raster;
mod resample;
mod source;
mod svg;
mod template;
mod text;

pub use cache::{Cache, CacheOptions};
pub use fonts::is_font_file;
pub use prepared::{Ink, Prepared, Request};
pub use source::{Stamp, TextStyle};
pub use template::TextTemplate;
pub(crate) use template::Variables;
