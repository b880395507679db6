//! Seconds since 1970 as a date, for people.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
