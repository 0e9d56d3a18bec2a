//! Amounts of memory as our own keys write them: `65536`, `"64KiB"`, `"10MB"`.
//!
//! Promises: powers of 1024 for `KiB MiB GiB`, of 1000 for `kB KB MB GB`; never overflows.

/// Bytes of `text`; `None` when it is no amount or does not fit this machine.
#[must_use]
pub fn parse(text: &str) -> Option<usize> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    digits.parse::<usize>().ok()?.checked_mul(factor(unit.trim())?)
}

fn factor(unit: &str) -> Option<usize> {
    Some(match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn amounts_come_with_and_without_units() {
        for (text, bytes) in
            [("65536", 65536), ("64KiB", 65536), ("64 KiB", 65536), ("10MB", 10_000_000), ("1GiB", 1 << 30)]
        {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "MB", "-1", "1.5MB", "10 mb", "99999999999999999999", "99999999999999GiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
