//! The HTTP API of the service: sessions, uploads, stamps, jobs, previews and progress. It runs behind API
//! Gateway as a Lambda and in the one local process; what it stands on is given to it.

#![forbid(unsafe_code)]

mod address;
mod app;
mod built_in;
mod dispatch;
mod environment;
mod headers;
mod identity;
mod problem;
mod rates;
mod routes;
mod sweep;
mod tokens;

pub use address::Address;
pub use app::{App, Clock, Parts, Settings};
pub use built_in::put_built_in_stamps;
pub use environment::Login;
pub use routes::{document, router};
pub use sweep::sweep;
pub use tokens::{NewToken, add_token, revoke_token};
