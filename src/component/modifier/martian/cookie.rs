//! Cookies as Go writes them, and their dates.

/// A cookie to add.
#[derive(Debug, Default)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) path: String,
    pub(super) domain: String,
    /// As it stands in `Expires`; empty if none.
    pub(super) expires: String,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// In seconds; zero is none, below zero expires at once.
    pub(super) max_age_seconds: i64,
}

impl Cookie {
    /// As it stands in `Cookie`.
    pub(super) fn pair(&self) -> String {
        format!("{}={}", self.name, quoted(&self.value))
    }

    /// As it stands in `Set-Cookie`.
    pub(super) fn line(&self) -> String {
        let mut line = self.pair();
        for (label, text) in [("Path", &self.path), ("Domain", &self.domain), ("Expires", &self.expires)] {
            if !text.is_empty() {
                line.push_str(&format!("; {label}={text}"));
            }
        }
        match self.max_age_seconds {
            0 => {}
            seconds => line.push_str(&format!("; Max-Age={}", seconds.max(0))),
        }
        if self.http_only {
            line.push_str("; HttpOnly");
        }
        if self.secure {
            line.push_str("; Secure");
        }
        line
    }
}

/// Values with spaces or commas stand in quotes; what no cookie may hold is left out.
fn quoted(value: &str) -> String {
    let kept: String = value.chars().filter(|c| (' '..='~').contains(c) && !['"', ';', '\\'].contains(c)).collect();
    if kept.contains([' ', ',']) { format!("\"{kept}\"") } else { kept }
}

/// An RFC 3339 date as HTTP writes it; `None` when it is none.
pub(super) fn http_date(text: &str) -> Option<String> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let [year, month, day] = numbers(date, '-')?;
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let [hour, minute, second] = numbers(clock.split('.').next()?, ':')?;
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && (0..=9999).contains(&year);
    if !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zone_seconds(zone)?;
    Some(written(seconds))
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(|part| part.parse::<u16>().ok().map(i64::from));
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (i64::from(hours.parse::<u8>().ok()?) * 3600 + i64::from(minutes.parse::<u8>().ok()?) * 60))
}

/// Days of a date of the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn written(seconds: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    let name = |names: &'static [&str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at)).copied();
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, days.rem_euclid(7)).unwrap_or_default(),
        name(&MONTHS, month).unwrap_or_default(),
        clock / 3600,
        clock / 60 % 60,
        clock % 60,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date("2026-11-24T19:38:51Z").as_deref(), Some("Tue, 24 Nov 2026 19:38:51 GMT"));
        assert_eq!(http_date("2024-02-29T23:30:00.5-01:00").as_deref(), Some("Fri, 01 Mar 2024 00:30:00 GMT"));
        assert_eq!(http_date("1970-01-01T00:00:00Z").as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        for bad in ["", "2026-11-24", "2026-13-01T00:00:00Z", "2026-01-01T99:00:00Z", "x-y-zTa:b:cZ", "1-1-1T1:1:1+é"]
        {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_cookie_is_written_in_go_s_order() {
        let cookie = Cookie {
            name: "s".into(),
            value: "a b".into(),
            path: "/".into(),
            secure: true,
            http_only: true,
            max_age_seconds: -1,
            ..Cookie::default()
        };
        assert_eq!(cookie.line(), "s=\"a b\"; Path=/; Max-Age=0; HttpOnly; Secure");
    }
}
