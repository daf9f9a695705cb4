//! Dates and times in words, from EXIF or from the system's clock.

#![forbid(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

/// A date and time of the proleptic Gregorian calendar, without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
}

impl Moment {
    /// From `YYYY:MM:DD hh:mm:ss` (Exif 2.32, 4.6.5 D); cameras whose clock was never set write
    /// zeros or blanks, which is no date.
    pub(super) fn from_exif(text: &[u8]) -> Option<Self> {
        let found = exif::DateTime::from_ascii(text).ok()?;
        let sound = found.year > 0 && (1..=12).contains(&found.month) && (1..=31).contains(&found.day);
        (sound && found.hour < 24 && found.minute < 60 && found.second <= 60).then_some(Self {
            year: i64::from(found.year),
            month: found.month,
            day: found.day,
            hour: found.hour,
            minute: found.minute,
            second: found.second,
        })
    }

    /// In UTC.
    pub(super) fn from_system(time: SystemTime) -> Self {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Self {
            year,
            month,
            day,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }
}

/// The date of a day counted from 1970-01-01. Years are taken to begin in March, so that the leap
/// day is their last; 400 of them are 146,097 days.
fn civil(days: i64) -> (i64, u8, u8) {
    let from_era = days + 719_468; // from 0000-03-01
    let era = from_era.div_euclid(146_097);
    let day_of_era = from_era.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // The months from March on have 31, 30, 31, 30, 31 days, again and again.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn known_days_are_right() {
        for (seconds, date) in [
            (0, (1970, 1, 1)),
            (951_782_400, (2000, 2, 29)),
            (1_709_164_800, (2024, 2, 29)),
            (1_709_251_200, (2024, 3, 1)),
            (4_107_542_400, (2100, 3, 1)),
        ] {
            let moment = Moment::from_system(UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!((moment.year, moment.month, moment.day), date);
        }
        let before = Moment::from_system(UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(
            (before.year, before.month, before.day, before.hour, before.second),
            (1969, 12, 31, 23, 59)
        );
    }

    #[test]
    fn days_follow_one_another() {
        let mut last = civil(-800_000);
        for day in -799_999..800_000 {
            let next = civil(day);
            let follows = (next.0 == last.0 && next.1 == last.1 && next.2 == last.2 + 1)
                || (next.2 == 1 && last.2 >= 28 && (next.0, next.1) > (last.0, last.1));
            assert!(follows, "{next:?} after {last:?}");
            last = next;
        }
    }

    #[test]
    fn exif_dates_are_read_or_ignored() {
        let moment = Moment::from_exif(b"2024:05:17 14:03:22").unwrap();
        assert_eq!((moment.year, moment.month, moment.day), (2024, 5, 17));
        assert_eq!((moment.hour, moment.minute, moment.second), (14, 3, 22));
        for wrong in
            [&b"0000:00:00 00:00:00"[..], b"    :  :     :  :  ", b"2024:13:17 14:03:22", b"2024", b""]
        {
            assert_eq!(Moment::from_exif(wrong), None);
        }
    }
}
