//! What a stamper tells the middleware: a signed batch of reports.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::Seconds;
use crate::id::JobId;
use crate::item::Event;
use crate::signature::{LENGTH, Secret, Use};

/// The version that is written and read.
pub const VERSION: u32 = 1;
/// A batch of a Lambda has at most a hundred pictures, each started and ended.
pub const MOST_REPORTS: usize = 1000;
/// A longer body is not read.
pub const MOST_BYTES: usize = 1 << 20;
/// A callback is valid so long before and after its own time.
pub const WINDOW: Seconds = 300;

/// The body of a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Callback {
    /// [`VERSION`].
    pub version: u32,
    /// What happened to items, in any order.
    #[serde(default)]
    pub reports: Vec<Report>,
    /// What happened to ZIPs, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zips: Vec<ZipReport>,
}

/// What happened to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The job.
    pub job: JobId,
    /// The item's number in it.
    pub item: u32,
    /// The attempt that this is a report of.
    pub attempt: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened to a job's ZIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ZipReport {
    /// The job.
    pub job: JobId,
    /// Which ZIP of the job.
    pub attempt: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: ZipEvent,
}

/// How far a ZIP is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event", deny_unknown_fields)]
pub enum ZipEvent {
    /// So many files are in it.
    Progress {
        /// Files written.
        entries: u64,
    },
    /// It is in the store, whole.
    Finished {
        /// Its length.
        bytes: u64,
    },
    /// It cannot be made.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A callback that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature of ours.
    #[error("the callback's signature is missing or wrong")]
    Forged,
    /// Too old, or from the future.
    #[error("the callback's time is more than {WINDOW} seconds away from ours; check the clocks")]
    OutOfTime,
    /// Not what a callback is.
    #[error("the callback is not one that we read: {0}")]
    Malformed(String),
}

/// A body and the header that signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The JSON body.
    pub body: Vec<u8>,
    /// `t=SECONDS,v1=HEX`.
    pub header: String,
}

impl Callback {
    /// Of these reports.
    pub fn new(reports: Vec<Report>) -> Self {
        Self { version: VERSION, reports, zips: Vec::new() }
    }

    /// Of reports on ZIPs.
    pub fn of_zips(zips: Vec<ZipReport>) -> Self {
        Self { version: VERSION, reports: Vec::new(), zips }
    }

    /// The body with its signature over the time and the body.
    pub fn sign(&self, secret: &Secret, now: Seconds) -> Signed {
        // Strings, numbers and lists: this cannot fail.
        let body = serde_json::to_vec(self).unwrap_or_default();
        let signature = secret.sign(Use::Callback, &[&now.to_be_bytes(), &body]);
        Signed { header: format!("t={now},v1={}", HEXLOWER.encode(&signature)), body }
    }

    /// Checks and reads a callback; gives its signature too, by which a replay is known.
    ///
    /// # Errors
    /// [`Refused`]. Nothing of the body is looked at before its signature was checked.
    pub fn open(
        body: &[u8],
        header: &str,
        secret: &Secret,
        now: Seconds,
    ) -> Result<(Self, [u8; LENGTH]), Refused> {
        if body.len() > MOST_BYTES {
            return Err(Refused::Malformed(format!("it is longer than {MOST_BYTES} bytes")));
        }
        let (time, signature) = header
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(",v1="))
            .and_then(|(time, hex)| Some((time.parse::<Seconds>().ok()?, decode(hex)?)))
            .ok_or(Refused::Forged)?;
        secret
            .verify(Use::Callback, &[&time.to_be_bytes(), body], &signature)
            .map_err(|_| Refused::Forged)?;
        if time.abs_diff(now) > WINDOW {
            return Err(Refused::OutOfTime);
        }
        let callback: Self =
            serde_json::from_slice(body).map_err(|error| Refused::Malformed(error.to_string()))?;
        if callback.version != VERSION {
            return Err(Refused::Malformed(format!("it is of version {}", callback.version)));
        }
        if callback.reports.len() + callback.zips.len() > MOST_REPORTS {
            return Err(Refused::Malformed(format!("it has more than {MOST_REPORTS} reports")));
        }
        Ok((callback, signature))
    }
}

fn decode(hex: &str) -> Option<[u8; LENGTH]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Output;
    use crate::signature::tests::secret;

    fn callback() -> Callback {
        let job = JobId::from_bytes([5; 16]);
        let output = Output {
            key: "stamped/a".to_owned(),
            bytes: 9,
            width: 2,
            height: 3,
            path: "splice".to_owned(),
            milliseconds: 6,
        };
        let events =
            [Event::Started, Event::Finished { output }, Event::Failed { reason: "no picture".to_owned() }];
        let report = |(item, event)| Report { job, item, attempt: 1, event };
        Callback::new((0..).zip(events).map(report).collect())
    }

    #[test]
    fn what_is_signed_is_opened() {
        let signed = callback().sign(&secret(), 1000);
        let open = |now| Callback::open(&signed.body, &signed.header, &secret(), now);
        assert_eq!(open(1000).unwrap().0, callback());
        assert!(open(1300).is_ok() && open(700).is_ok());
        let (job, attempt) = (JobId::from_bytes([5; 16]), 1);
        let of = |event| ZipReport { job, attempt, event };
        let failed = ZipEvent::Failed { reason: "gone".to_owned() };
        let events = [ZipEvent::Progress { entries: 1 }, ZipEvent::Finished { bytes: 9 }, failed];
        let zips = Callback::of_zips(events.map(of).into());
        let signed = zips.sign(&secret(), 1000);
        assert_eq!(Callback::open(&signed.body, &signed.header, &secret(), 1000).unwrap().0, zips);
        assert_eq!(open(1301).unwrap_err(), Refused::OutOfTime);
        assert_eq!(open(699).unwrap_err(), Refused::OutOfTime);
    }

    #[test]
    fn every_change_is_noticed() {
        let signed = callback().sign(&secret(), 1000);
        for at in 0..signed.body.len() {
            let mut body = signed.body.clone();
            body[at] ^= 1;
            let refused = Callback::open(&body, &signed.header, &secret(), 1000).unwrap_err();
            assert_eq!(refused, Refused::Forged, "byte {at}");
        }
        let later = signed.header.replace("t=1000", "t=1001");
        for header in ["", "t=1000", "t=x,v1=00", "v1=00,t=1000", &later, &signed.header[..70]] {
            let refused = Callback::open(&signed.body, header, &secret(), 1000).unwrap_err();
            assert_eq!(refused, Refused::Forged, "{header}");
        }
    }

    #[test]
    fn other_versions_and_floods_are_refused() {
        for (callback, said) in [
            (Callback { version: 2, ..callback() }, "version 2"),
            (Callback::new(vec![callback().reports[0].clone(); MOST_REPORTS + 1]), "more than"),
        ] {
            let signed = callback.sign(&secret(), 7);
            let refused = Callback::open(&signed.body, &signed.header, &secret(), 7).unwrap_err();
            assert!(refused.to_string().contains(said), "{refused}");
        }
    }
}
