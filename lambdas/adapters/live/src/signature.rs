//! The two signatures of the Pusher protocol: of subscriptions, and of requests to the HTTP API.

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::Fault;

/// An app: who may publish, and who lets others subscribe.
#[derive(Clone)]
pub struct App {
    id: String,
    key: String,
    /// Keyed with the secret, which is kept nowhere else.
    mac: Hmac<Sha256>,
}

impl App {
    /// With its three parts, as Pusher gives them. Who knows the secret may publish everything: an empty one
    /// is known to all.
    pub fn new(id: impl Into<String>, key: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self { id: id.into(), key: key.into(), mac: keyed(secret.as_ref()) }
    }

    /// Its number or name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What clients connect with; no secret.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Lets a connection subscribe to a private channel ("Authenticating users" of the Channels protocol).
    pub(crate) fn authorize(&self, socket_id: &str, channel: &str) -> Result<String, Fault> {
        for (name, right) in [
            (socket_id, is_socket_id(socket_id)),
            (channel, is_channel(channel) && channel.starts_with("private-")),
        ] {
            if !right {
                return Err(Fault::Name(name.chars().take(200).collect()));
            }
        }
        let signature = self.mac(&format!("{socket_id}:{channel}")).finalize().into_bytes();
        Ok(format!("{}:{}", self.key, HEXLOWER.encode(&signature)))
    }

    /// Whether a subscription was allowed by us.
    pub(crate) fn allows(&self, socket_id: &str, channel: &str, auth: &str) -> bool {
        let signature = auth.strip_prefix(&self.key).and_then(|auth| auth.strip_prefix(':'));
        self.verify(&format!("{socket_id}:{channel}"), signature.unwrap_or_default())
    }

    /// The query that signs a request of the HTTP API ("Generating authentication signatures").
    pub(crate) fn query(&self, method: &str, path: &str, body: &[u8], now: u64) -> String {
        let md5 = HEXLOWER.encode(&Md5::digest(body));
        // The parameters in the order of their names.
        let query = format!("auth_key={}&auth_timestamp={now}&auth_version=1.0&body_md5={md5}", self.key);
        let signature = self.mac(&format!("{method}\n{path}\n{query}")).finalize().into_bytes();
        format!("{query}&auth_signature={}", HEXLOWER.encode(&signature))
    }

    /// Whether a request's query, its parameters decoded, signs it within ten minutes of its time.
    pub(crate) fn signed(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: &[u8],
        now: u64,
    ) -> bool {
        let find = |name: &str| query.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value);
        let mut parts: Vec<_> = query.iter().filter(|(name, _)| name != "auth_signature").collect();
        parts.sort();
        let parts: Vec<_> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!("{method}\n{path}\n{}", parts.join("&"));
        let time = find("auth_timestamp").parse::<u64>();
        find("auth_key") == self.key
            && time.is_ok_and(|time| time.abs_diff(now) <= 600)
            && find("body_md5") == HEXLOWER.encode(&Md5::digest(body))
            && self.verify(&text, find("auth_signature"))
    }

    fn verify(&self, text: &str, signature: &str) -> bool {
        let signature = HEXLOWER.decode(signature.as_bytes());
        signature.is_ok_and(|signature| self.mac(text).verify_slice(&signature).is_ok())
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        self.mac.clone().chain_update(text)
    }
}

/// RFC 2104, section 2: a key fills a block, with zeros after it; a longer one is hashed before. With a whole
/// block there is no error that would need another key.
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    let mut block = Key::<Hmac<Sha256>>::default();
    let hash = Sha256::digest(secret);
    let key = if secret.len() > block.len() { &hash[..] } else { secret };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::new(&block)
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

/// `DIGITS.DIGITS`.
pub(crate) fn is_socket_id(text: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b))
}

/// "Channel naming conventions" of the Channels documentation.
pub(crate) fn is_channel(name: &str) -> bool {
    let right = |b: u8| b.is_ascii_alphanumeric() || b"-_=@,.;".contains(&b);
    (1..=164).contains(&name.len()) && name.bytes().all(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1, 2 and 6: keys shorter than a block, and longer.
    #[test]
    fn keys_of_all_lengths_sign_as_documented() {
        for (secret, text, signature) in [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let app = App::new("1", "key", secret);
            assert_eq!(HEXLOWER.encode(&app.mac(text).finalize().into_bytes()), signature);
        }
        let app = |secret: &[u8]| App::new("1", "key", secret);
        for length in [63, 64, 65] {
            let secret = vec![7; length];
            let auth = app(&secret).authorize("1.2", "private-a").unwrap();
            let mut other = secret.clone();
            other[length - 1] ^= 1;
            assert!(app(&secret).allows("1.2", "private-a", &auth));
            assert!(!app(&other).allows("1.2", "private-a", &auth));
        }
    }

    /// The worked example of "Authorizing users".
    #[test]
    fn subscriptions_are_signed_as_documented() {
        let app = App::new("1", "278d425bdf160c739803", "7ad3773142a6692b25b8");
        let auth = app.authorize("1234.1234", "private-foobar").unwrap();
        assert_eq!(
            auth,
            "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
        );
        assert!(app.allows("1234.1234", "private-foobar", &auth));
        assert!(!app.allows("1234.1235", "private-foobar", &auth));
        assert!(!app.allows("1234.1234", "private-other", &auth));
        assert!(!app.allows("1234.1234", "private-foobar", &auth[1..]));
        for (socket, channel) in
            [("1234", "private-a"), ("1.2:private-b", "private-a"), ("1.2", "public"), ("1.2", "private-a:b")]
        {
            assert!(app.authorize(socket, channel).is_err(), "{socket} {channel}");
        }
    }

    /// The worked example of "HTTP API", "Generating authentication signatures".
    #[test]
    fn requests_are_signed_as_documented() {
        let app = App::new("3", "278d425bdf160c739803", "7ad3773142a6692b25b8");
        let body = br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
        let query = app.query("POST", "/apps/3/events", body, 1_353_088_179);
        assert!(query.contains("body_md5=ec365a775a4cd0599faeb73354201b6f"), "{query}");
        assert!(
            query
                .ends_with("auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"),
            "{query}"
        );
        let parts = |query: &str| -> Vec<(String, String)> {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let signed = |body: &[u8], now| app.signed("POST", "/apps/3/events", &parts(&query), body, now);
        assert!(signed(body, 1_353_088_779) && !signed(body, 1_353_088_780));
        assert!(!signed(b"{}", 1_353_088_179));
    }
}
