//! What can go wrong with the database.

use sqlx::error::ErrorKind;

/// The database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It does not answer, or not in time.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// Another writer was in the way for too long, or all connections were in use.
    #[error("the database is busy; try again")]
    Busy(#[source] sqlx::Error),
    /// A newer version of Stampede changed its tables.
    #[error("the database was set up by a newer version of Stampede; run that version")]
    Newer,
    /// The address is wrong.
    #[error("the database address is wrong ({0}); write sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")]
    Address(String),
    /// What it holds is not what was put in.
    #[error("the database holds what Stampede did not write: {0}")]
    Foreign(String),
    /// It refuses a statement.
    #[error("the database refuses a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

impl Fault {
    /// Whether the same may succeed later.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }

    pub(crate) fn foreign(what: impl std::fmt::Display) -> Self {
        Self::Foreign(what.to_string())
    }
}

/// SQLite's SQLITE_BUSY and SQLITE_LOCKED with their extended codes, and PostgreSQL's
/// serialization_failure, deadlock_detected and lock_not_available.
fn is_busy(code: &str) -> bool {
    let of_sqlite = code.parse::<u32>().is_ok_and(|code| code < 1 << 16 && matches!(code & 0xff, 5 | 6));
    of_sqlite || matches!(code, "40001" | "40P01" | "55P03")
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code() {
                Some(code) if is_busy(&code) => Self::Busy(error),
                // Class 57: an operator ends or restarts the server; 53: it has no room; 28: the password is
                // another by now, and who has it from Secrets Manager will have the new one soon.
                Some(code) if ["57", "53", "28"].iter().any(|class| code.starts_with(class)) => {
                    Self::Unreachable(error)
                }
                _ => Self::Refused(error),
            },
            sqlx::Error::Configuration(reason) => Self::Address(reason.to_string()),
            sqlx::Error::PoolTimedOut => Self::Busy(error),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unreachable(error),
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::AnyDriverError(_)
            | sqlx::Error::Protocol(_) => Self::foreign(error),
            // What cannot be encoded or is no valid argument; the same would be refused again.
            _ => Self::Refused(error),
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::foreign(error)
    }
}

/// Whether a row of that name is there already.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.kind() == ErrorKind::UniqueViolation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_for_good_does_not_pass() {
        let lasting = [
            sqlx::Error::ColumnNotFound("zip".to_owned()),
            sqlx::Error::ColumnIndexOutOfBounds { index: 3, len: 2 },
            sqlx::Error::Decode("no text".into()),
            sqlx::Error::Encode("too long".into()),
            sqlx::Error::InvalidArgument("NUL".to_owned()),
            sqlx::Error::Protocol("unknown message".to_owned()),
            sqlx::Error::TypeNotFound { type_name: "uuid".to_owned() },
            sqlx::Error::AnyDriverError("an unknown type".into()),
            sqlx::Error::Configuration("no port".into()),
            sqlx::Error::RowNotFound,
        ];
        for error in lasting {
            let fault = Fault::from(error);
            assert!(!fault.is_passing(), "{fault:?}");
        }
    }

    #[test]
    fn what_may_be_over_soon_passes() {
        assert!(matches!(Fault::from(sqlx::Error::PoolTimedOut), Fault::Busy(_)));
        assert!(Fault::from(sqlx::Error::PoolTimedOut).is_passing());
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for error in [sqlx::Error::Io(refused), sqlx::Error::PoolClosed, sqlx::Error::WorkerCrashed] {
            assert!(matches!(Fault::from(error), Fault::Unreachable(_)));
        }
    }
}
