//! Where tasks wait: a local file, or SQS.

#![forbid(unsafe_code)]
