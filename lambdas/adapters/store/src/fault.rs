//! What can go wrong with a store.

use std::io;

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
    #[error("“{0}” is not a key: write parts between single slashes, without control characters")]
    Key(String),
    /// A part of the key is longer than a file's name may be.
    #[error("the key “{0}” has a part that is longer than the 254 bytes a folder has room for; shorten it")]
    LongName(String),
    /// What was to be noted of an object cannot be.
    #[error("an object cannot be put with {0}")]
    About(String),
    /// A file below the store's folder that the store did not write, or that was cut short.
    #[error(
        "{0} was not put into the store by Stampede, or is damaged; delete it, or restore it from a copy"
    )]
    Foreign(String),
    /// The store does not answer, or not now.
    #[error("the store does not answer: {0}")]
    Passing(String),
    /// The store refuses.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// The folder cannot be read or written.
    #[error("the store's folder: {0}")]
    Io(#[from] io::Error),
}

/// What stays as it is until somebody changes the folder, or the request.
const LASTING: [io::ErrorKind; 8] = [
    io::ErrorKind::InvalidFilename,
    io::ErrorKind::InvalidInput,
    io::ErrorKind::IsADirectory,
    io::ErrorKind::NotADirectory,
    io::ErrorKind::NotFound,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::ReadOnlyFilesystem,
    io::ErrorKind::Unsupported,
];

impl Fault {
    /// Whether the same may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Passing(_) => true,
            // A full disk, too many open files, a signal.
            Self::Io(error) => !LASTING.contains(&error.kind()),
            Self::Missing(_)
            | Self::Long { .. }
            | Self::Key(_)
            | Self::LongName(_)
            | Self::About(_)
            | Self::Foreign(_)
            | Self::Refused(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_retry_may_mend_passes() {
        let io = |kind: io::ErrorKind| Fault::Io(kind.into());
        assert!(io(io::ErrorKind::StorageFull).is_passing());
        assert!(io(io::ErrorKind::Interrupted).is_passing());
        assert!(!io(io::ErrorKind::PermissionDenied).is_passing());
        assert!(!io(io::ErrorKind::ReadOnlyFilesystem).is_passing());
        assert!(Fault::Passing(String::new()).is_passing());
        assert!(!Fault::Refused(String::new()).is_passing());
    }
}
