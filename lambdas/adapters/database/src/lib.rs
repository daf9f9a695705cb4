//! What the service remembers, in PostgreSQL or SQLite.

#![forbid(unsafe_code)]
