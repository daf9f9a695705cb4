//! The `stamp` command.
fn main() {}
