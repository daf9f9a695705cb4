//! What can go wrong with one message.

/// A message was not dealt with.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No retry mends it; its owner is told this.
    #[error("{0}")]
    Permanent(String),
    /// It may succeed later.
    #[error("{0}")]
    Passing(String),
}

impl From<stampede_store::Fault> for Fault {
    fn from(fault: stampede_store::Fault) -> Self {
        match fault.is_passing() {
            true => Self::Passing(fault.to_string()),
            false => Self::Permanent(fault.to_string()),
        }
    }
}

impl From<stampede_decoder::Fault> for Fault {
    fn from(fault: stampede_decoder::Fault) -> Self {
        match fault {
            stampede_decoder::Fault::Permanent(reason) => Self::Permanent(reason),
            stampede_decoder::Fault::Passing(reason) => Self::Passing(reason),
        }
    }
}
