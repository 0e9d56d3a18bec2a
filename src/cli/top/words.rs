//! How numbers, times and labels are written, as the page writes them; what is not there is a dash.

/// What stands where there is nothing.
pub(super) const NONE: &str = "–";

/// A share of 0 to 1.
pub(super) fn share(part: Option<f64>) -> String {
    match part {
        None => NONE.to_owned(),
        Some(part) if part.is_nan() => NONE.to_owned(),
        Some(0.0) => "0%".to_owned(),
        Some(1.0) => "100%".to_owned(),
        Some(part) if part < 0.0001 => "<0.01%".to_owned(),
        Some(part) if part > 0.9999 => ">99.99%".to_owned(),
        Some(part) if part < 0.1 => format!("{:.2}%", part * 100.0),
        Some(part) => format!("{:.1}%", part * 100.0),
    }
}

/// How often a second.
pub(super) fn per_second(rate: Option<f64>) -> String {
    match rate {
        None => NONE.to_owned(),
        Some(rate) if rate >= 100.0 || rate == 0.0 => format!("{rate:.0}"),
        Some(rate) if rate >= 10.0 => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.2}"),
    }
}

/// A time in milliseconds.
pub(super) fn duration(ms: Option<f64>) -> String {
    match ms {
        None => NONE.to_owned(),
        Some(ms) if ms >= 10_000.0 => format!("{:.1} s", ms / 1e3),
        Some(ms) if ms >= 1_000.0 => format!("{:.2} s", ms / 1e3),
        Some(ms) if ms >= 100.0 => format!("{ms:.0} ms"),
        Some(ms) if ms >= 10.0 => format!("{ms:.1} ms"),
        Some(ms) => format!("{ms:.2} ms"),
    }
}

/// A difference of times in milliseconds, with its sign.
pub(super) fn difference(ms: Option<f64>) -> String {
    ms.map_or_else(|| NONE.to_owned(), |ms| format!("{}{}", if ms < 0.0 { '−' } else { '+' }, duration(Some(ms.abs()))))
}

/// An amount of memory.
pub(super) fn bytes(count: Option<f64>) -> String {
    let Some(mut count) = count else { return NONE.to_owned() };
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    let mut is_whole = true;
    while count >= 1024.0 {
        let Some(next) = units.next() else { break };
        (count, unit, is_whole) = (count / 1024.0, next, false);
    }
    if is_whole || count >= 100.0 { format!("{count:.0} {unit}") } else { format!("{count:.1} {unit}") }
}

/// So many seconds as a clock shows them.
pub(super) fn span(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats keep within bounds")]
    let whole = seconds as u64;
    let (days, rest) = (whole / 86_400, whole % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60);
    if days > 0 { format!("{days} d {clock}") } else { clock }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_on_the_page() {
        let shares =
            [None, Some(f64::NAN), Some(0.0), Some(0.00001), Some(0.0512), Some(0.5), Some(0.99999), Some(1.0)];
        assert_eq!(shares.map(share), ["–", "–", "0%", "<0.01%", "5.12%", "50.0%", ">99.99%", "100%"]);
        let rates = [None, Some(0.0), Some(0.5), Some(12.34), Some(1234.5)];
        assert_eq!(rates.map(per_second), ["–", "0", "0.50", "12.3", "1234"]);
        let times = [None, Some(0.5), Some(12.34), Some(250.0), Some(1_500.0), Some(61_000.0)];
        assert_eq!(times.map(duration), ["–", "0.50 ms", "12.3 ms", "250 ms", "1.50 s", "61.0 s"]);
        assert_eq!([None, Some(-1.0), Some(0.0)].map(difference), ["–", "−1.00 ms", "+0.00 ms"]);
        assert_eq!(
            [Some(0.0), Some(1023.0), Some(2048.0), Some(3e8), Some(1e20)].map(bytes),
            ["0 B", "1023 B", "2.0 KiB", "286 MiB", "90949470 TiB"]
        );
        assert_eq!(
            [59.9, 3_661.0, 90_061.0, -1.0, f64::NAN].map(span),
            ["00:00:59", "01:01:01", "1 d 01:01:01", "00:00:00", "00:00:00"]
        );
    }
}
