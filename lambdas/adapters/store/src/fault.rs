//! What can go wrong with a store.

/// The store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no such object.
    #[error("{0} is not in the store")]
    Missing(String),
    /// It is longer than was asked for.
    #[error("{key} has {bytes} bytes, more than the {most} that are read")]
    Long {
        /// Which.
        key: String,
        /// Its length.
        bytes: u64,
        /// What would be read.
        most: u64,
    },
    /// A key that no object has.
    #[error("“{0}” is not a key: write parts between single slashes")]
    Key(String),
    /// The store does not answer, or not now.
    #[error("the store does not answer: {0}")]
    Passing(String),
    /// The store refuses.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// The folder cannot be read or written.
    #[error("the store's folder: {0}")]
    Io(#[from] std::io::Error),
}

impl Fault {
    /// Whether the same may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Passing(_) => true,
            // A full disk, too many open files: what an operator mends.
            Self::Io(error) => error.kind() != std::io::ErrorKind::NotFound,
            Self::Missing(_) | Self::Long { .. } | Self::Key(_) | Self::Refused(_) => false,
        }
    }
}
