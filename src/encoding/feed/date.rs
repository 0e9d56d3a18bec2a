//! The dates that feeds carry: those of mail and those of ISO 8601, as UTC.

/// A moment: civil date, time of day in seconds, and how many minutes its clock is ahead of UTC.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    seconds: i64,
    ahead_minutes: i64,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones that mail still names, with the minutes they are ahead of UTC.
const ZONES: [(&str, i64); 12] = [
    ("GMT", 0),
    ("UTC", 0),
    ("UT", 0),
    ("Z", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

const DAY_SECONDS: i64 = 86_400;

/// The date as `2006-01-02T15:04:05Z`; `None` if it cannot be read.
pub(super) fn normalized(text: &str) -> Option<String> {
    let text = text.trim();
    let moment = if text.get(4..5) == Some("-") { iso(text)? } else { mail(text)? };
    let days = days_from_civil(moment.year, moment.month, moment.day);
    let total = days * DAY_SECONDS + moment.seconds - moment.ahead_minutes * 60;
    let (year, month, day) = civil_from_days(total.div_euclid(DAY_SECONDS));
    let seconds = total.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// `2006-01-02`, or with `T15:04:05` and a zone.
fn iso(text: &str) -> Option<Moment> {
    let (date, time) = (text.get(..10)?, text.get(10..)?);
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let (seconds, ahead_minutes) = match time.strip_prefix(['T', 't', ' ']) {
        None if time.is_empty() => (0, 0),
        None => return None,
        Some(time) => {
            let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
            let (clock, zone) = time.split_at_checked(zone_at)?;
            (clock_seconds(clock)?, zone_minutes(zone.trim())?)
        }
    };
    checked(Moment { year, month, day, seconds, ahead_minutes })
}

/// `Mon, 02 Jan 2006 15:04:05 -0700`; the day's name and the seconds may be missing.
fn mail(text: &str) -> Option<Moment> {
    let date = text.split_once(',').map_or(text, |(_day_name, date)| date);
    let mut words = date.split_whitespace();
    let day = number(words.next()?)?;
    let name = words.next()?.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.into_iter().zip(1..).find(|(held, _)| *held == name)?.1;
    let year = match number(words.next()?)? {
        short @ 0..=68 => 2000 + short,
        short @ 69..=99 => 1900 + short,
        full => full,
    };
    let seconds = clock_seconds(words.next().unwrap_or("00:00"))?;
    let ahead_minutes = zone_minutes(words.next().unwrap_or("GMT"))?;
    checked(Moment { year, month, day, seconds, ahead_minutes })
}

fn checked(moment: Moment) -> Option<Moment> {
    let whole = (1..=12).contains(&moment.month) && (1..=31).contains(&moment.day) && (0..=9999).contains(&moment.year);
    whole.then_some(moment)
}

fn number(digits: &str) -> Option<i64> {
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// `15:04`, `15:04:05`, fractions ignored.
fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split('.').next()?.split(':').map(number);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `Z`, `GMT`, `-0700`, `+02:00`.
fn zone_minutes(zone: &str) -> Option<i64> {
    if zone.is_empty() {
        return Some(0);
    }
    let Some(offset) = zone.strip_prefix(['+', '-']) else {
        return ZONES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)).map(|(_, minutes)| minutes);
    };
    let offset = number(&offset.replace(':', ""))?;
    let minutes = offset / 100 * 60 + offset % 100;
    Some(if zone.starts_with('-') { -minutes } else { minutes })
}

/// Days since 1970-01-01; the year is counted from March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The other way round.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_of_mail_and_of_iso_are_read() {
        for (text, utc) in [
            ("Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05Z"),
            ("Mon, 2 Jan 2006 15:04:05 -0700", "2006-01-02T22:04:05Z"),
            ("02 Jan 06 00:30 +0100", "2006-01-01T23:30:00Z"),
            ("Thu, 29 Feb 2024 23:59:59 EST", "2024-03-01T04:59:59Z"),
            ("2006-01-02T15:04:05Z", "2006-01-02T15:04:05Z"),
            ("2006-01-02T15:04:05.123+02:00", "2006-01-02T13:04:05Z"),
            ("2006-01-02", "2006-01-02T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(normalized(text).as_deref(), Some(utc), "{text}");
        }
        for text in ["", "soon", "Mon, 02 Foo 2006 15:04:05 GMT", "2006-13-02", "2006-01-02T25:00:00Z", "2006-01-02Tx"]
        {
            assert_eq!(normalized(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_and_dates_are_each_other(days in -700_000i64..2_900_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn no_text_makes_it_panic(text in "([0-9]{0,4}|[-:+,. TZé]|Jan|GMT){0,12}") {
            let _date = normalized(&text);
        }
    }
}
