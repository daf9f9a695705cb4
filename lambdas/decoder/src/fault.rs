//! What can go wrong with one picture.

/// A picture was not dealt with.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No retry mends it; its owner is told this.
    #[error("{0}")]
    Permanent(String),
    /// It may succeed later.
    #[error("{0}")]
    Passing(String),
}

impl From<stamp_engine::Error> for Fault {
    fn from(error: stamp_engine::Error) -> Self {
        match error {
            // A disk that is full, or files that are all taken.
            stamp_engine::Error::Io { .. } => Self::Passing(error.to_string()),
            _ => Self::Permanent(error.to_string()),
        }
    }
}
