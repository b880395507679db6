//! Moments as text, for people and for the record.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, tz::TimeZone};

/// The moment `seconds` after 1970 UTC, clamped to the calendar's last moment.
fn at(seconds: u64) -> Timestamp {
    i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

/// The year, UTC, of `seconds` since 1970.
pub(crate) fn year(seconds: u64) -> i16 {
    at(seconds).to_zoned_datetime(TimeZone::UTC).year()
}

/// `seconds` since 1970 as text, such as "2026-11-25 04:40 UTC".
pub(crate) fn text(seconds: u64) -> String {
    at(seconds).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// RFC 3339 in UTC, truncated to milliseconds, such as "2026-11-25T04:40:07.250Z"; a time before 1970 is written as 1970.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let milliseconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let time = i64::try_from(milliseconds).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    format!("{:.3}", time.unwrap_or(Timestamp::MAX))
}

/// The moment that [`rfc3339`] wrote as `text`; `None` for any other text.
pub(crate) fn parsed(text: &str) -> Option<SystemTime> {
    let time = SystemTime::try_from(text.parse::<Timestamp>().ok()?).ok()?;
    (rfc3339(time) == text).then_some(time)
}

/// The moment that [`rfc3339`] wrote as `text`, in local time, such as "2026-11-25 05:40:07 +01:00"; in UTC if the
/// machine's zone is UTC or unknown. `None` for any other text.
pub(crate) fn on_the_wall(text: &str) -> Option<String> {
    in_zone(text, &TimeZone::system())
}

fn in_zone(text: &str, zone: &TimeZone) -> Option<String> {
    let time = Timestamp::try_from(parsed(text)?).ok()?.to_zoned_datetime(zone.clone());
    let offset = if time.offset().seconds() == 0 { " UTC".into() } else { time.strftime(" %:z").to_string() };
    Some(format!("{}{offset}", time.strftime("%Y-%m-%d %H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_clock_on_the_wall_has_its_offset() {
        let zone = |text: &str| TimeZone::posix(text).expect("a zone");
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        let wall = |text: &str, zone: &TimeZone| in_zone(text, zone).expect("a moment");
        assert_eq!(wall("2026-11-25T04:40:07.250Z", &berlin), "2026-11-25 05:40:07 +01:00");
        assert_eq!(wall("2026-07-25T23:40:07.000Z", &berlin), "2026-07-26 01:40:07 +02:00");
        assert_eq!(wall("2026-11-25T04:40:07.250Z", &zone("<+0530>-5:30")), "2026-11-25 10:10:07 +05:30");
        assert_eq!(wall("2026-11-25T04:40:07.250Z", &zone("EST5")), "2026-11-24 23:40:07 -05:00");
        assert_eq!(wall("2026-11-25T04:40:07.250Z", &TimeZone::UTC), "2026-11-25 04:40:07 UTC");
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
        let after = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(rfc3339(after(951_782_399_999)), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339(after(1_764_045_607_050)), "2025-11-25T04:40:07.050Z");
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00.000Z");
    }
}
