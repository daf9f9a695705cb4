//! What the service is about, without any word of how it is run: no AWS, HTTP or SQL type.
//!
//! An owner uploads pictures and stamps and makes a [`job`]: each of its pictures is an [`item`] that
//! goes from queued to done or failed. A [`message`] asks a stamper for one item; a [`callback`] tells
//! what became of several. [`rule`] stamps what lands in a bucket, without a job; [`trace`] says what caused
//! what. [`token`] says who somebody is, [`upload`] what they may upload, and
//! [`signature`] is how both, and callbacks, are known to be ours.

#![forbid(unsafe_code)]

pub mod callback;
pub mod id;
pub mod item;
pub mod job;
pub mod message;
pub mod rule;
pub mod settings;
pub mod signature;
pub mod token;
pub mod trace;
pub mod upload;

/// Seconds since 1970-01-01 UTC.
pub type Seconds = u64;
