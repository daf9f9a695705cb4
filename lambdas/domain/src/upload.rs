//! What an owner may upload: a form for one object, signed and for a short time. The object store of
//! AWS makes such forms itself (a presigned POST); this is the local store's, of the same shape.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::Seconds;
use crate::signature::{Secret, Use};

/// Permission to upload one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// Where it will lie in the store.
    pub key: String,
    /// The media type it must be declared as.
    pub content_type: String,
    /// It has at least and at most so many bytes.
    pub length: (u64, u64),
    /// Until when it may come.
    pub expires: Seconds,
}

/// An upload that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The form was not made by us, or was changed.
    #[error("the upload form is not one of ours")]
    Forged,
    /// Its time is over.
    #[error("the upload form has expired; ask for a new one")]
    Expired,
    /// Not the type that was announced.
    #[error("the upload is declared as {actual}, but was announced as {announced}")]
    Type {
        /// What came.
        actual: String,
        /// What was announced.
        announced: String,
    },
    /// Not within the lengths that were announced.
    #[error("the upload has {actual} bytes; between {least} and {most} were announced")]
    Length {
        /// What came.
        actual: u64,
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
}

impl Policy {
    /// The form's two fields: the policy as text, and its signature.
    pub fn form(&self, secret: &Secret) -> (String, String) {
        // Strings, numbers and nothing else: this cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let policy = BASE64URL_NOPAD.encode(&json);
        let signature = secret.sign(Use::Upload, &[policy.as_bytes()]);
        (policy, BASE64URL_NOPAD.encode(&signature))
    }

    /// Reads a form back.
    ///
    /// # Errors
    /// [`Refused::Forged`] and [`Refused::Expired`].
    pub fn from_form(policy: &str, signature: &str, secret: &Secret, now: Seconds) -> Result<Self, Refused> {
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| Refused::Forged)?;
        secret.verify(Use::Upload, &[policy.as_bytes()], &signature).map_err(|_| Refused::Forged)?;
        let json = BASE64URL_NOPAD.decode(policy.as_bytes()).map_err(|_| Refused::Forged)?;
        let policy: Self = serde_json::from_slice(&json).map_err(|_| Refused::Forged)?;
        if policy.expires > now { Ok(policy) } else { Err(Refused::Expired) }
    }

    /// Checks what is known of the object.
    ///
    /// # Errors
    /// [`Refused::Type`] and [`Refused::Length`].
    pub fn check(&self, content_type: &str, length: u64) -> Result<(), Refused> {
        if content_type != self.content_type {
            let (actual, announced) = (content_type.chars().take(80).collect(), self.content_type.clone());
            return Err(Refused::Type { actual, announced });
        }
        let (least, most) = self.length;
        if !(least..=most).contains(&length) {
            return Err(Refused::Length { actual: length, least, most });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::tests::secret;

    fn policy() -> Policy {
        let (key, content_type) = ("originals/own_1/pic_2".to_owned(), "image/jpeg".to_owned());
        Policy { key, content_type, length: (1, 1000), expires: 500 }
    }

    #[test]
    fn forms_come_back_until_they_expire() {
        let (text, signature) = policy().form(&secret());
        assert_eq!(Policy::from_form(&text, &signature, &secret(), 499), Ok(policy()));
        assert_eq!(Policy::from_form(&text, &signature, &secret(), 500), Err(Refused::Expired));
        let (other, _) = Policy { length: (0, 1 << 40), ..policy() }.form(&secret());
        assert_eq!(Policy::from_form(&other, &signature, &secret(), 0), Err(Refused::Forged));
        assert_eq!(Policy::from_form(&text, "", &secret(), 0), Err(Refused::Forged));
        assert_eq!(Policy::from_form("", &signature, &secret(), 0), Err(Refused::Forged));
    }

    #[test]
    fn type_and_length_are_those_announced() {
        assert_eq!(policy().check("image/jpeg", 1000), Ok(()));
        assert!(matches!(policy().check("image/png", 1000), Err(Refused::Type { .. })));
        for length in [0, 1001] {
            assert!(matches!(policy().check("image/jpeg", length), Err(Refused::Length { .. })));
        }
    }
}
