//! Numbers that are not an upstream's but the file's own, as Go writes those, in JSON and elsewhere.
//!
//! Go keeps an upstream's number as its text, and one of the file with double precision.

/// A number for JSON: the fewest digits that mean it, with an exponent only when it is very large or small.
#[must_use]
pub fn json(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

/// From this power of ten on, a number for people has an exponent.
const FIRST_EXPONENT: i32 = 6;

/// A number for people (`%v`): the fewest digits that mean it, with an exponent of two digits from a million on and below
/// a ten-thousandth.
#[must_use]
pub fn plain(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..FIRST_EXPONENT).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => number.to_string(),
    }
}

/// A number for YAML: as for people, and never one that reads as a whole number.
#[must_use]
pub fn yaml(number: f64) -> String {
    let text = plain(number);
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::{json, plain, yaml};

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (number, in_json, in_text, in_yaml) in [
            (5.0, "5", "5", "5.0"),
            (1.5, "1.5", "1.5", "1.5"),
            (999_999.0, "999999", "999999", "999999.0"),
            (1_000_000.0, "1000000", "1e+06", "1e+06"),
            (-123_456_789.0, "-123456789", "-1.23456789e+08", "-1.23456789e+08"),
            (0.0001, "0.0001", "0.0001", "0.0001"),
            (0.00001, "0.00001", "1e-05", "1e-05"),
            (1e21, "1e+21", "1e+21", "1e+21"),
            (1e-7, "1e-7", "1e-07", "1e-07"),
            (0.0, "0", "0", "0.0"),
        ] {
            assert_eq!(
                (json(number).as_str(), plain(number).as_str(), yaml(number).as_str()),
                (in_json, in_text, in_yaml)
            );
        }
    }
}
