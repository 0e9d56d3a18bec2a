//! The W3C trace context of a copy: the trace of the live call, with a span of its own.

use http::HeaderValue;

/// A `traceparent` that is valid as far as this version of it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent<'a> {
    /// 32 lower-case hexadecimal digits, not all zero.
    pub trace_id: &'a [u8],
    /// 16 of them, not all zero: the caller's span.
    pub span_id: &'a [u8],
    /// Two of them; the last bit says that the trace is recorded.
    pub flags: &'a [u8],
}

impl<'a> TraceParent<'a> {
    /// Reads a header; `None` when it has to be ignored.
    #[must_use]
    pub fn parse(header: &'a [u8]) -> Option<Self> {
        let mut parts = header.split(|byte| *byte == b'-');
        let version = digits(parts.next()?, 2)?;
        let trace_id = digits(parts.next()?, 32).filter(not_zero)?;
        let span_id = digits(parts.next()?, 16).filter(not_zero)?;
        let flags = digits(parts.next()?, 2)?;
        // Later versions may have more to say, this one must not; there is no version ff.
        let has_more = parts.next().is_some();
        (version != b"ff" && !(version == b"00" && has_more)).then_some(Self { trace_id, span_id, flags })
    }
}

impl TraceParent<'_> {
    /// Whether the trace is recorded.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        // The last bit of the last digit: odd digits, and those letters whose value is odd.
        self.flags.last().is_some_and(|digit| matches!(digit, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'))
    }

    /// The trace as a number, which is written with 32 hexadecimal digits.
    #[must_use]
    pub fn trace_number(&self) -> u128 {
        let value = |digit: &u8| char::from(*digit).to_digit(16).map_or(0, u128::from);
        self.trace_id.iter().fold(0, |number, digit| number << 4 | value(digit))
    }
}

fn digits(text: &[u8], count: usize) -> Option<&[u8]> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == count && text.iter().all(is_digit)).then_some(text)
}

fn not_zero(digits: &&[u8]) -> bool {
    digits.iter().any(|digit| *digit != b'0')
}

/// The `traceparent` of a copy: same trace, same flags, the span that `random` names. `None` when `parent` is not valid;
/// it should not be sent on then either.
#[must_use]
pub fn linked_traceparent(parent: &HeaderValue, random: u64) -> Option<HeaderValue> {
    let parent = TraceParent::parse(parent.as_bytes())?;
    // A span of zeros is none, and the copy is not its own parent.
    let mut span = format!("{:016x}", random.max(1));
    if span.as_bytes() == parent.span_id {
        span = format!("{:016x}", (random ^ 1 << 63).max(1));
    }
    let linked = [b"00", parent.trace_id, span.as_bytes(), parent.flags].join(&b'-');
    HeaderValue::from_bytes(&linked).ok()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn linked(parent: &str, random: u64) -> Option<String> {
        let linked = linked_traceparent(&HeaderValue::from_str(parent).unwrap(), random)?;
        Some(linked.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_copy_stays_in_the_trace_with_a_span_of_its_own() {
        assert_eq!(linked(PARENT, 0xabc).unwrap(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000abc-01");
        let unsampled = PARENT.replace("-01", "-00");
        assert_eq!(linked(&unsampled, 0).unwrap(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-00");
        assert_eq!(
            linked(PARENT, 0x00f0_67aa_0ba9_02b7).unwrap(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-80f067aa0ba902b7-01"
        );
    }

    #[test]
    fn the_last_flag_says_whether_a_trace_is_recorded() {
        for (flags, is_recorded) in [("00", false), ("01", true), ("02", false), ("ff", true), ("10", false)] {
            let header = PARENT.replace("-01", &format!("-{flags}"));
            assert_eq!(TraceParent::parse(header.as_bytes()).unwrap().is_recorded(), is_recorded, "{flags}");
        }
    }

    #[test]
    fn the_number_of_a_trace_has_its_digits() {
        let number = TraceParent::parse(PARENT.as_bytes()).unwrap().trace_number();
        assert_eq!(format!("{number:032x}"), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_later_version_is_understood_as_far_as_it_is_known() {
        let later = format!("cc{}-what-comes", PARENT.strip_prefix("00").unwrap());
        assert_eq!(linked(&later, 1).unwrap(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-01");
    }

    #[test]
    fn what_is_not_valid_is_not_linked() {
        for parent in [
            "",
            "00",
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            &PARENT.replace("00f067aa0ba902b7", "0000000000000000"),
            &PARENT.replace("4bf9", "4bg9"),
            &format!("{PARENT}-more"),
            &format!("{PARENT}0"),
            &format!(" {PARENT}"),
        ] {
            assert_eq!(linked(parent, 1), None, "{parent}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_parents_never_panic_and_what_is_linked_is_valid(text in vec(any::<u8>(), 0..80), random: u64) {
            if let Ok(header) = HeaderValue::from_bytes(&text)
                && let Some(linked) = linked_traceparent(&header, random)
            {
                prop_assert!(TraceParent::parse(linked.as_bytes()).is_some());
            }
        }

        #[test]
        fn every_link_of_a_valid_parent_is_valid(random: u64) {
            let parent = TraceParent::parse(PARENT.as_bytes()).unwrap();
            let header = linked_traceparent(&HeaderValue::from_static(PARENT), random).unwrap();
            let linked = TraceParent::parse(header.as_bytes()).unwrap();
            prop_assert_eq!((linked.trace_id, linked.flags), (parent.trace_id, parent.flags));
            prop_assert_ne!(linked.span_id, parent.span_id);
        }
    }
}
