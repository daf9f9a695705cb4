//! What can be wrong with an environment.

/// The environment is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A variable is missing.
    #[error("the variable {0} is set neither in the environment nor in a secret that STAMPEDE_SECRETS names")]
    Unset(&'static str),
    /// Secrets Manager does not give a secret.
    #[error("the secret {name} cannot be read: {reason}")]
    Unreadable {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// A secret is not of the form that it should have.
    #[error("the secret {0} is no JSON object of texts by their names")]
    Content(String),
    /// The database's address is none.
    #[error("STAMPEDE_DATABASE is no address such as postgres://HOST/NAME")]
    Address,
}
