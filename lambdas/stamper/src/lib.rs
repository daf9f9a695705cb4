//! The stamper: takes messages in batches, reads pictures, stamps them, writes the results, and tells the
//! middleware. As a Lambda it is handed batches; as a long-running [`consume`]r it asks for them.
//!
//! A message may come twice and at any time. The output's key is made of the picture's content and the
//! settings, so that what was done before is found and not done again.

#![forbid(unsafe_code)]

mod consume;
mod fault;
mod notification;
mod object;
mod report;
mod stamps;
mod task;
mod work;
mod zip;

pub use consume::{Consumer, consume, retry_pause};
pub use fault::Fault;
pub use report::Reporter;
pub use work::{Counts, Outcome, Stamper};
