//! `stamper --poll` as a process, on servers that speak S3 and SQS.

mod backfill;
mod bucket_mode;
mod confined;
mod heartbeats;
mod places;
mod shutdown;
