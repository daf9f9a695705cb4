//! The whole service as a process: on embedded parts, on PostgreSQL with servers that speak as S3 and SQS
//! do, and killed at any moment.

mod access;
mod behaviour;
mod bucket_mode;
mod client;
mod crash;
mod faults;
mod flaky;
mod headers;
mod histories;
mod intruders;
mod jobs;
mod places;
mod sandbox;
mod schema;
mod secrets;
mod soak;
mod tokens;
