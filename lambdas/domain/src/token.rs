//! Who somebody is: session tokens for visitors, API tokens for programs.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

use crate::Seconds;
use crate::id::OwnerId;
use crate::signature::{LENGTH, Secret, Use};

/// A token that is not ours, or no longer valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was not made by us, or was changed.
    #[error("the token is not one of ours")]
    Forged,
    /// Its time is over.
    #[error("the session has expired; start a new one")]
    Expired,
}

/// A visitor's identity for a time. It is not kept anywhere: its signature speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who it is.
    pub owner: OwnerId,
    /// Until when.
    pub expires: Seconds,
}

impl Session {
    /// As text for a cookie or a bearer header.
    pub fn token(&self, secret: &Secret) -> String {
        let (owner, expires) = (self.owner.bytes(), self.expires.to_be_bytes());
        let signature = secret.sign(Use::Session, &[&owner, &expires]);
        BASE64URL_NOPAD.encode(&[&owner[..], &expires, &signature].concat())
    }

    /// Reads a token back.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn from_token(token: &str, secret: &Secret, now: Seconds) -> Result<Self, Refused> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| Refused::Forged)?;
        let (owner, rest) = bytes.split_first_chunk::<16>().ok_or(Refused::Forged)?;
        let (expires, signature) = rest.split_first_chunk::<8>().ok_or(Refused::Forged)?;
        if signature.len() != LENGTH {
            return Err(Refused::Forged);
        }
        secret.verify(Use::Session, &[owner, expires], signature).map_err(|_| Refused::Forged)?;
        let session = Self { owner: OwnerId::from_bytes(*owner), expires: u64::from_be_bytes(*expires) };
        if session.expires > now { Ok(session) } else { Err(Refused::Expired) }
    }
}

/// A program's token: random, shown once, kept only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken([u8; 32]);

/// What begins every API token, so that scanners for leaked secrets know it.
const PREFIX: &str = "stampede_";

impl ApiToken {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The text to hand out, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&self.0))
    }

    /// SHA-256 of its bits, to be kept and looked up. The bits are random, so that no slow hash is needed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl FromStr for ApiToken {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let digits = text.strip_prefix(PREFIX).ok_or(Refused::Forged)?;
        let bytes = BASE64URL_NOPAD.decode(digits.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(Refused::Forged)
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::tests::secret;

    #[test]
    fn sessions_come_back_until_they_expire() {
        let session = Session { owner: OwnerId::from_bytes([3; 16]), expires: 1000 };
        let token = session.token(&secret());
        assert_eq!(Session::from_token(&token, &secret(), 999), Ok(session));
        assert_eq!(Session::from_token(&token, &secret(), 1000), Err(Refused::Expired));
        let other = Secret::new([9; 40]).unwrap();
        assert_eq!(Session::from_token(&token, &other, 0), Err(Refused::Forged));
        for at in 0..token.len() {
            assert_eq!(Session::from_token(&token[..at], &secret(), 0), Err(Refused::Forged));
            let changed = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let wrong = [&token[..at], changed, &token[at + 1..]].concat();
            assert_eq!(Session::from_token(&wrong, &secret(), 0), Err(Refused::Forged), "character {at}");
        }
    }

    #[test]
    fn api_tokens_are_known_by_their_hash() {
        let token = ApiToken::random().unwrap();
        let again: ApiToken = token.reveal().parse().unwrap();
        assert!(again == token && again.hash() == token.hash());
        assert_ne!(ApiToken::random().unwrap().hash(), token.hash());
        assert!(!format!("{token:?}").contains(&token.reveal()[9..20]));
        for wrong in ["", "stampede_", "stampede_AAAA", &token.reveal()[9..]] {
            assert_eq!(wrong.parse::<ApiToken>().unwrap_err(), Refused::Forged);
        }
    }
}
