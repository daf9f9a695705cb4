//! Presigned POST: a form that a browser uploads one object with (Amazon S3 API Reference, "Browser-based
//! uploads using POST (AWS signature version 4)"). The SDK makes none.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use stampede_domain::Seconds;
use stampede_domain::upload::Policy;

/// Who signs, and where.
pub(super) struct Key<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) region: &'a str,
}

impl Key<'_> {
    /// The form's fields.
    pub(super) fn fields(&self, policy: &Policy, bucket: &str, now: Seconds) -> Vec<(String, String)> {
        let (date, time) = (date(now), time(now));
        let credential = format!("{}/{date}/{}/s3/aws4_request", self.id, self.region);
        let mut fields = vec![
            ("key", policy.key.clone()),
            ("Content-Type", policy.content_type.clone()),
            ("success_action_status", "204".to_owned()),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", time),
        ];
        if let Some(token) = self.token {
            fields.push(("x-amz-security-token", token.to_owned()));
        }
        let (least, most) = policy.length;
        let mut conditions = vec![json!({ "bucket": bucket }), json!(["content-length-range", least, most])];
        conditions.extend(fields.iter().map(|(name, value)| json!({ *name: value })));
        let document = json!({ "expiration": iso(policy.expires), "conditions": conditions }).to_string();
        let document = BASE64.encode(document.as_bytes());
        let signature = self.sign(&date, document.as_bytes());
        fields.push(("policy", document));
        fields.push(("x-amz-signature", signature));
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// "Deriving the signing key" of signature version 4, and the signature.
    fn sign(&self, date: &str, text: &[u8]) -> String {
        let first = format!("AWS4{}", self.secret).into_bytes();
        let parts = [date.as_bytes(), self.region.as_bytes(), b"s3", b"aws4_request", text];
        HEXLOWER.encode(&parts.iter().fold(first, |key, part| mac(&key, part)))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Year, month and day, and the seconds of the day.
fn civil(now: Seconds) -> ((u64, u64, u64), u64) {
    // Days since 0000-03-01, in eras of 400 years (Hinnant, "chrono-compatible low-level date algorithms").
    let days = now / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    ((year_of_era + era * 400 + u64::from(month <= 2), month, day), now % 86_400)
}

fn date(now: Seconds) -> String {
    let ((year, month, day), _) = civil(now);
    format!("{year:04}{month:02}{day:02}")
}

fn time(now: Seconds) -> String {
    let (_, second) = civil(now);
    format!("{}T{:02}{:02}{:02}Z", date(now), second / 3600, second / 60 % 60, second % 60)
}

fn iso(now: Seconds) -> String {
    let ((year, month, day), second) = civil(now);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(951_782_399), "20000228T235959Z");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(date(4_102_444_800), "21000101");
    }

    /// The worked example of the API Reference, "Example: Browser-Based Upload using HTTP POST".
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let document = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let key = Key {
            id: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            token: None,
            region: "us-east-1",
        };
        assert_eq!(
            key.sign("20151229", document.as_bytes()),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }
}
