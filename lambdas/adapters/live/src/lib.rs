//! Progress to browsers over the Pusher protocol: Pusher, or a server of our own.

#![forbid(unsafe_code)]
