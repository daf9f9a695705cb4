//! The same behaviour on SQLite and on a PostgreSQL that the tests start.

mod jobs;
mod large;
mod open;
mod places;
mod plans;
mod random;
mod uploads;
mod zips;
