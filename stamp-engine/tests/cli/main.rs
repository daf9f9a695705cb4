//! The `stamp` command, end to end, on real files.

mod faults;
mod fixtures;
mod place;
mod splice;
mod usage;
mod world;
