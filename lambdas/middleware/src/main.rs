//! The HTTP API as a Lambda behind API Gateway.

#![forbid(unsafe_code)]

fn main() {}
