//! The wall clock in the words of `/__health`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time as Go prints it, in UTC: `2026-01-02 03:04:05.123456789 +0000 UTC m=+43.3`; `running` is the time since start.
#[must_use]
pub fn go_time(now: SystemTime, running: Duration) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let nanos = since.subsec_nanos();
    let running = running.as_secs_f64();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{nanos:09} +0000 UTC m=+{running:.9}")
}

/// Year, month and day of a day since 1970, by Howard Hinnant's `civil_from_days` (eras of 400 years from March 1).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        let leap_day = UNIX_EPOCH + Duration::from_millis(1_709_210_096_789);
        assert_eq!(
            go_time(leap_day, Duration::from_millis(1500)),
            "2024-02-29 12:34:56.789000000 +0000 UTC m=+1.500000000"
        );
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(20_781), (2026, 11, 24));
    }
}
