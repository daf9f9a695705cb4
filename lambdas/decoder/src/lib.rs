//! Pictures are decoded in processes of their own, which may do nothing else.
//!
//! A decoder is where hostile bytes do the most harm. So the service decodes nothing itself: it hands a picture to a
//! process that has no secrets, no network and no files but the cache ([`stamp_engine::Sandbox`]), and ends it when the
//! picture takes too long or too much memory. That picture then has failed, alone. Processes are kept, each for one
//! picture after the other, since to begin one takes as long as to stamp a small picture.
//!
//! A program that holds [`Decoders`] calls [`serve_if_asked`] first in its `main`: decoders are that same program.

#![forbid(unsafe_code)]

mod child;
mod decoder;
mod engines;
mod fault;
mod pool;
mod process;
mod wire;
mod work;

pub use child::{serve_if_asked, serve_stamping_if_asked};
pub use fault::Fault;
pub use pool::{Confinement, Decoders, Room, Settings};
pub use work::{Done, Facts, Stamp, Work};
