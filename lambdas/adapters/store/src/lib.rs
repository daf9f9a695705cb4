//! Where pictures lie: a folder, or S3.

#![forbid(unsafe_code)]
