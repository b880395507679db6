//! Seconds since 1970 as a date, for people and for the record.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, tz::TimeZone};

const SECONDS_A_DAY: u64 = 86_400;

/// Year, month and day, UTC, of `seconds` since 1970, in the Gregorian calendar.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms" (`civil_from_days`).
pub(crate) const fn date(seconds: u64) -> (u64, u64, u64) {
    // Years begin in March, so that the leap day is the last of one; eras are the 400 years after which all repeats.
    let days = seconds / SECONDS_A_DAY + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + (month <= 2) as u64, month, day)
}

/// Such as "2026-11-25 04:40 UTC".
pub(crate) fn text(seconds: u64) -> String {
    let (year, month, day) = date(seconds);
    let minutes = seconds % SECONDS_A_DAY / 60;
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Such as "2026-11-25T04:40:07.250Z" (RFC 3339, UTC, milliseconds cut off); a time before 1970 is written as 1970.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = date(seconds);
    let (hour, minute, second) = (seconds % SECONDS_A_DAY / 3600, seconds % 3600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// The moment that [`rfc3339`] wrote as `text`; `None` for any other text.
pub(crate) fn parsed(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if bytes.len() != 24 || separators.iter().any(|&(at, separator)| bytes[at] != separator) {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = bytes[from..to].iter();
        digits
            .map(|digit| digit.is_ascii_digit().then(|| u64::from(digit - b'0')))
            .try_fold(0, |sum, digit| Some(sum * 10 + digit?))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milliseconds) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    if year < 1970 || !(1..=12).contains(&month) || day == 0 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Howard Hinnant, as above (`days_from_civil`).
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted / 400, shifted % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let seconds = (era * 146_097 + day_of_era - 719_468) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
    let time = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + milliseconds);
    // What is no day of the calendar does not come back.
    (rfc3339(time) == text).then_some(time)
}

/// The moment that [`rfc3339`] wrote as `text` by the clock on the wall, such as "2026-11-25 05:40:07 +01:00"; in UTC where the
/// machine's zone is that, or is not known. `None` for any other text.
pub(crate) fn on_the_wall(text: &str) -> Option<String> {
    in_zone(text, &TimeZone::system())
}

fn in_zone(text: &str, zone: &TimeZone) -> Option<String> {
    let seconds = parsed(text)?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?.to_zoned_datetime(zone.clone());
    let offset = if time.offset().seconds() == 0 { " UTC".into() } else { time.strftime(" %:z").to_string() };
    Some(format!("{}{offset}", time.strftime("%Y-%m-%d %H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_the_wall_has_its_offset() {
        let zone = |text: &str| TimeZone::posix(text).expect("a zone");
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        let at = |text: &str, zone: &TimeZone| in_zone(text, zone).expect("a moment");
        assert_eq!(at("2026-11-25T04:40:07.250Z", &berlin), "2026-11-25 05:40:07 +01:00");
        assert_eq!(at("2026-07-25T23:40:07.000Z", &berlin), "2026-07-26 01:40:07 +02:00");
        assert_eq!(at("2026-11-25T04:40:07.250Z", &zone("<+0530>-5:30")), "2026-11-25 10:10:07 +05:30");
        assert_eq!(at("2026-11-25T04:40:07.250Z", &zone("EST5")), "2026-11-24 23:40:07 -05:00");
        assert_eq!(at("2026-11-25T04:40:07.250Z", &TimeZone::UTC), "2026-11-25 04:40:07 UTC");
        assert_eq!(in_zone("yesterday", &berlin), None);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59 UTC"),
            (1_767_225_600, "2026-01-01 00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(text(seconds), expected);
        }
    }

    #[test]
    fn moments_come_back_and_other_texts_do_not() {
        for milliseconds in [0, 1, 951_782_399_999, 951_782_400_000, 1_764_045_607_050, 4_107_542_400_000] {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!(parsed(&rfc3339(time)), Some(time));
        }
        for other in [
            "",
            "2026-02-30T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T24:00:00.000Z",
        ] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }

    #[test]
    fn moments_are_written_as_rfc_3339() {
        let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(rfc3339(at(951_782_399_999)), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339(at(1_764_045_607_050)), "2025-11-25T04:40:07.050Z");
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00.000Z");
    }
}
