//! The `stamp` command, end to end, on real files.

mod chromium;
mod faults;
mod fixtures;
mod generated;
mod place;
mod repeat;
#[cfg(feature = "s3")]
mod s3;
#[cfg(target_os = "linux")]
mod sandbox;
mod splice;
mod stdin;
mod usage;
mod world;
