//! Where pictures lie: a folder, or S3. Both take uploads by a signed form and hand results out by a signed
//! address, so that neither ever passes through a Lambda.

#![forbid(unsafe_code)]

mod about;
mod fault;
#[cfg(feature = "folder")]
mod folder;
mod reading;
#[cfg(feature = "s3")]
mod s3;
mod store;
mod writing;

pub use about::{About, Object};
pub use fault::Fault;
#[cfg(feature = "folder")]
pub use folder::Folder;
pub use reading::Reading;
#[cfg(feature = "s3")]
pub use s3::{Buckets, NotBuckets, S3};
pub use store::{Form, Listed, Store};
pub use writing::Writing;
