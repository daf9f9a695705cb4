//! Real servers for tests, started on free ports of this machine and ended with the test: PostgreSQL, and
//! two emulators of AWS that were written apart from each other.
//!
//! A server is ended when its value is dropped, and also when the test's process is killed.

#![forbid(unsafe_code)]

mod aws;
mod cargo_lambda;
mod cloud;
mod postgres;
mod processes;
mod runtime;
mod server;

pub use aws::{Ministack, Moto};
pub use cargo_lambda::CargoLambda;
pub use cloud::Refusal;
pub use postgres::Postgres;
pub use processes::children;
pub use runtime::{Failed, Function};
pub use server::Fault;
