//! Signatures: HMAC-SHA256 (RFC 2104, FIPS 180-4) with one secret, each use apart from every other.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of a signature.
pub const LENGTH: usize = 32;
/// A shorter secret can be guessed.
const SHORTEST: usize = 32;

/// What signatures are made with. It shows in no log.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// A secret that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret must be at least {SHORTEST} bytes long; make one with `openssl rand -hex 32`")]
pub struct TooShort;

/// A signature that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit")]
pub struct Wrong;

/// What is signed: a signature for one use is void for every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A session token.
    Session,
    /// An upload form of the local store.
    Upload,
    /// A download address of the local store.
    Download,
    /// A stamper's callback.
    Callback,
}

impl Secret {
    /// # Errors
    /// [`TooShort`].
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, TooShort> {
        let bytes = bytes.as_ref();
        if bytes.len() < SHORTEST {
            return Err(TooShort);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| TooShort)
    }

    /// Signs `parts`, which cannot run into one another.
    pub fn sign(&self, purpose: Use, parts: &[&[u8]]) -> [u8; LENGTH] {
        self.mac(purpose, parts).finalize().into_bytes().into()
    }

    /// Checks a signature, in a time that does not tell where it is wrong.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn verify(&self, purpose: Use, parts: &[&[u8]], signature: &[u8]) -> Result<(), Wrong> {
        self.mac(purpose, parts).verify_slice(signature).map_err(|_| Wrong)
    }

    fn mac(&self, purpose: Use, parts: &[&[u8]]) -> Hmac<Sha256> {
        let name: &[u8] = match purpose {
            Use::Session => b"stampede session 1",
            Use::Upload => b"stampede upload 1",
            Use::Download => b"stampede download 1",
            Use::Callback => b"stampede callback 1",
        };
        let mut mac = self.0.clone();
        for part in [name].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn secret() -> Secret {
        Secret::new([7; 32]).unwrap()
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let parts: [&[u8]; 2] = [b"one", b"two"];
        let signature = secret().sign(Use::Session, &parts);
        assert_eq!(secret().verify(Use::Session, &parts, &signature), Ok(()));
        for bit in 0..8 * LENGTH {
            let mut wrong = signature;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(secret().verify(Use::Session, &parts, &wrong), Err(Wrong));
        }
        for length in 0..LENGTH {
            assert_eq!(secret().verify(Use::Session, &parts, &signature[..length]), Err(Wrong));
        }
    }

    #[test]
    fn uses_parts_and_secrets_are_apart() {
        let other = Secret::new([8; 32]).unwrap();
        let signatures = [
            secret().sign(Use::Session, &[b"ab", b"c"]),
            secret().sign(Use::Session, &[b"a", b"bc"]),
            secret().sign(Use::Session, &[b"abc"]),
            secret().sign(Use::Upload, &[b"abc"]),
            secret().sign(Use::Download, &[b"abc"]),
            secret().sign(Use::Callback, &[b"abc"]),
            other.sign(Use::Session, &[b"abc"]),
        ];
        for (at, one) in signatures.iter().enumerate() {
            assert!(signatures[at + 1..].iter().all(|other| other != one));
        }
    }

    #[test]
    fn secrets_are_long_and_never_shown() {
        assert!(Secret::new([1; 31]).unwrap_err().to_string().contains("openssl"));
        assert!(
            !format!("{:?}", Secret::new(*b"a secret that nobody is to see!!").unwrap()).contains("nobody")
        );
    }
}
