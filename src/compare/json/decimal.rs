//! A JSON number as the decimal it means, without loss: 1 = 1.0 = 1e0, and big integers keep every digit.
//!
//! Nothing is ever written out, so an exponent of a billion costs no more than its ten digits.

use crate::config::shadow::Tolerance;

/// Digits that an exponent may have to be worked with. Numbers with longer ones equal only what is written alike.
const EXPONENT_DIGITS_MAX: usize = 18;

/// What a number means: its digits without zeros at the ends, times a power of ten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// The digits before the point, then those behind it.
    digits: (&'a str, &'a str),
    /// The power of ten of the last digit.
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Of a valid JSON number; `None` if its exponent is beyond words.
    pub(super) fn of(number: &'a str) -> Option<Self> {
        let (negative, size) = number.strip_prefix('-').map_or((false, number), |size| (true, size));
        let (mantissa, power) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if whole.is_empty() && fraction.is_empty() {
            return Some(Self { negative: false, digits: ("", ""), exponent: 0 });
        }
        let power = exponent(power)?;
        if fraction.is_empty() {
            let digits = whole.trim_end_matches('0');
            let zeros = i64::try_from(whole.len() - digits.len()).ok()?;
            return Some(Self { negative, digits: (digits, ""), exponent: power + zeros });
        }
        let exponent = power - i64::try_from(fraction.len()).ok()?;
        let fraction = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        Some(Self { negative, digits: (whole, fraction), exponent })
    }

    fn is_same(&self, other: &Self) -> bool {
        let length = |it: &Self| it.digits.0.len() + it.digits.1.len();
        let digits = |it: &Self| (it.digits.0.bytes(), it.digits.1.bytes());
        let ((whole, fraction), (others, rest)) = (digits(self), digits(other));
        self.negative == other.negative
            && self.exponent == other.exponent
            && length(self) == length(other)
            && whole.chain(fraction).eq(others.chain(rest))
    }

    /// A number that only what it means decides, from what `hash` makes of bytes.
    pub(super) fn hash(&self, hash: impl Fn(&[u8]) -> u64, mix: impl Fn(u64, u64) -> u64) -> u64 {
        let digits = match self.digits {
            (digits, "") | ("", digits) => hash(digits.as_bytes()),
            (whole, fraction) => hash([whole, fraction].concat().as_bytes()),
        };
        mix(digits, self.exponent.cast_unsigned() ^ (u64::from(self.negative) << 63))
    }
}

fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let size: i64 = digits.parse().ok().filter(|_| digits.len() <= EXPONENT_DIGITS_MAX)?;
    Some(if negative { -size } else { size })
}

/// Whether two valid JSON numbers are the same decimal.
pub(super) fn is_same(live: &str, shadow: &str) -> bool {
    if live == shadow {
        return true;
    }
    match (Decimal::of(live), Decimal::of(shadow)) {
        (Some(live), Some(shadow)) => live.is_same(&shadow),
        _ => false,
    }
}

/// Whether two valid JSON numbers are no further apart than may be. Whole numbers are subtracted exactly; others with
/// double precision, where a difference that is too large by rounding alone is none.
pub(super) fn is_close(live: &str, shadow: &str, tolerance: Tolerance) -> bool {
    let Some((apart, larger, slack)) = distance(live, shadow) else { return false };
    let holds = |most: f64| apart <= most + slack;
    tolerance.absolute.is_some_and(holds) || tolerance.relative.is_some_and(|share| holds(share * larger))
}

/// How far apart, the larger size, and how much of that may be rounding.
fn distance(live: &str, shadow: &str) -> Option<(f64, f64, f64)> {
    if let (Ok(live), Ok(shadow)) = (live.parse::<i128>(), shadow.parse::<i128>()) {
        let larger = live.unsigned_abs().max(shadow.unsigned_abs());
        return Some((live.abs_diff(shadow) as f64, larger as f64, 0.0));
    }
    let (live, shadow): (f64, f64) = (live.parse().ok()?, shadow.parse().ok()?);
    let larger = live.abs().max(shadow.abs());
    larger.is_finite().then(|| ((live - shadow).abs(), larger, 4.0 * f64::EPSILON * larger))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_many_spellings() {
        for (live, shadow) in [
            ("1", "1.0"),
            ("1", "1e0"),
            ("100", "1e2"),
            ("1200", "1.2E+3"),
            ("0.00120", "12e-4"),
            ("0", "-0.0e7"),
            ("0", "0e99999999999999999999999"),
            ("10.5", "105e-1"),
            ("1e999999999", "10e999999998"),
            ("123456789012345678901234567890", "123456789012345678901234567890.000"),
        ] {
            assert!(is_same(live, shadow), "{live} {shadow}");
        }
    }

    #[test]
    fn no_digit_is_lost() {
        for (live, shadow) in [
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("1", "10"),
            ("0.1", "0.10000000000000001"),
            ("1e999999999", "1e999999998"),
            ("1e9999999999999999999999", "1e9999999999999999999998"),
            ("105", "1.5"),
            ("1.05", "1.5"),
        ] {
            assert!(!is_same(live, shadow), "{live} {shadow}");
        }
    }

    #[test]
    fn a_tolerance_includes_its_end_despite_rounding() {
        let absolute = |most: f64| Tolerance { absolute: Some(most), relative: None };
        assert!(is_close("0.305", "0.3", absolute(0.005)));
        assert!(!is_close("0.3051", "0.3", absolute(0.005)));
        assert!(!is_close("9007199254740993", "9007199254740992", absolute(0.5)));
        assert!(is_close("9007199254740993", "9007199254740992", absolute(1.0)));
        assert!(!is_close("1e999", "2e999", absolute(1e300)));
        let relative = Tolerance { absolute: None, relative: Some(0.01) };
        assert!(
            is_close("100", "99", relative) && is_close("99", "100", relative) && !is_close("100", "98.9", relative)
        );
    }
}
