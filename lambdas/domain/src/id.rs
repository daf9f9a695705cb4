//! Identifiers: 128 random bits, with a prefix that tells people what it is that they name.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an identifier names.
pub trait Kind {
    /// Stands before the digits, such as `job_`.
    const PREFIX: &str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $id:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            const PREFIX: &str = $prefix;
        }

        $(#[$doc])*
        pub type $id = Id<$kind>;
    )*};
}

kinds! {
    /// Who pictures, stamps and jobs belong to.
    Owner, OwnerId, "own_";
    /// An uploaded picture.
    Picture, PictureId, "pic_";
    /// An uploaded stamp.
    Stamp, StampId, "stp_";
    /// A job.
    Job, JobId, "job_";
}

/// 128 random bits: nobody guesses another's.
pub struct Id<K> {
    bytes: [u8; 16],
    kind: PhantomData<fn() -> K>,
}

/// Not an identifier of the kind that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not an identifier; one looks like {prefix}0123456789abcdef0123456789abcdef")]
pub struct NotAnId {
    text: String,
    prefix: &'static str,
}

impl<K> Id<K> {
    /// A new one, from the system's source of randomness.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The identifier of these bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// Its bits.
    pub const fn bytes(&self) -> [u8; 16] {
        self.bytes
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::PREFIX)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    /// Only what `Display` writes, so that one thing has one name.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits = text.strip_prefix(K::PREFIX).map(str::as_bytes);
        let bytes = digits.and_then(|digits| data_encoding::HEXLOWER.decode(digits).ok());
        let bytes: Option<[u8; 16]> = bytes.and_then(|bytes| bytes.try_into().ok());
        // What is quoted back is bounded.
        let quoted = || text.chars().take(60).collect();
        bytes.map(Self::from_bytes).ok_or_else(|| NotAnId { text: quoted(), prefix: K::PREFIX })
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_name() {
        let id = JobId::from_bytes([0xab; 16]);
        let text = "job_abababababababababababababababab";
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<JobId>(&format!("\"{text}\"")).unwrap(), id);
        for other in [
            "",
            "job_",
            "abababababababababababababababab",
            "pic_abababababababababababababababab",
            "job_ABABABABABABABABABABABABABABABAB",
            "job_ababababababababababababababab",
            "job_abababababababababababababababab00",
            " job_abababababababababababababababab",
        ] {
            assert!(other.parse::<JobId>().is_err(), "{other}");
        }
    }

    #[test]
    fn no_two_are_the_same() {
        let mut ids: Vec<_> = (0..1000).map(|_| OwnerId::random().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 1000);
    }
}
