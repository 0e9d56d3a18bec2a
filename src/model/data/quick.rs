//! A quick walk over an array or an object that is as most are, which says where it ends.
//!
//! Runs over every body that is decoded, before [`super::scan`] and, mostly, instead of it. It never says why a text is
//! refused, and gives up on what nests deeply: `None` means that the exact walk has to decide. What it does accept, the
//! exact walk accepts with the same end. Where it is goes from step to step as the rest of the text, and the brackets
//! that are open are bits of one number, so that all of it stays in registers; bytes are looked at singly where they
//! are few, because a processor guesses the end of a short loop sooner than it can compute it.

/// So many brackets may be open.
const OPEN_MAX: u32 = u64::BITS;

/// Strings that end within so many bytes are walked over byte by byte.
const SHORT_BYTES: usize = 16;

/// Which bytes say nothing inside a string: all but quotes, backslashes and control characters.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [true; 256];
    let (mut rest, mut byte): (&mut [bool], u8) = (&mut is_plain, 0);
    while let [first, after @ ..] = rest {
        *first = byte >= 0x20 && byte != b'"' && byte != b'\\';
        (rest, byte) = (after, byte.wrapping_add(1));
    }
    is_plain
};

#[inline]
fn is_plain(byte: u8) -> bool {
    IS_PLAIN.get(usize::from(byte)).copied().unwrap_or_default()
}

/// What follows the array or object that `text` begins with.
pub(super) fn behind_nested(text: &[u8]) -> Option<&[u8]> {
    let [b'{' | b'[', ..] = text else { return None };
    let mut rest = text;
    // The innermost bracket is the lowest bit: 1 for an object.
    let (mut open, mut depth) = (0_u64, 0_u32);
    loop {
        let (first, after) = rest.split_first()?;
        rest = match first {
            b'{' | b'[' if depth < OPEN_MAX => {
                depth += 1;
                open = open << 1 | u64::from(*first == b'{');
                match (first, after_space(after)) {
                    (b'{', [b'"', name @ ..]) => {
                        rest = after_name(name)?;
                        continue;
                    }
                    (b'{', end @ [b'}', ..]) | (b'[', end @ [b']', ..]) => end,
                    (b'[', element) => {
                        rest = element;
                        continue;
                    }
                    _ => return None,
                }
            }
            b' ' | b'\n' | b'\r' | b'\t' => {
                rest = after_space(after);
                continue;
            }
            _ => after_scalar(rest)?,
        };
        match leave(rest, &mut open, &mut depth)? {
            Left::Everything(behind) => return Some(behind),
            Left::Some(next) => rest = next,
        }
    }
}

/// What came after a value and the brackets that closed behind it.
enum Left<'a> {
    /// Nothing is open any more.
    Everything(&'a [u8]),
    /// A comma, and before a member its name: the next value comes here.
    Some(&'a [u8]),
}

#[inline]
fn leave<'a>(mut rest: &'a [u8], open: &mut u64, depth: &mut u32) -> Option<Left<'a>> {
    loop {
        let is_object = *open & 1 == 1;
        rest = match rest {
            [b',', b'"', name @ ..] if is_object => return after_name(name).map(Left::Some),
            [b',', next @ ..] if is_object => {
                let [b'"', name @ ..] = after_space(next) else { return None };
                return after_name(name).map(Left::Some);
            }
            [b',', next @ ..] => return Some(Left::Some(next)),
            [b'}', after @ ..] if is_object => after,
            [b']', after @ ..] if !is_object => after,
            [b' ' | b'\n' | b'\r' | b'\t', after @ ..] => {
                rest = after_space(after);
                continue;
            }
            _ => return None,
        };
        *open >>= 1;
        *depth -= 1;
        if *depth == 0 {
            return Some(Left::Everything(rest));
        }
    }
}

#[inline]
fn after_space(mut rest: &[u8]) -> &[u8] {
    while let [b' ' | b'\n' | b'\r' | b'\t', after @ ..] = rest {
        rest = after;
    }
    rest
}

/// From behind the first quote of a name to behind its colon.
#[inline]
fn after_name(name: &[u8]) -> Option<&[u8]> {
    let rest = after_string(name)?;
    if let [b':', value @ ..] = rest {
        return Some(value);
    }
    after_space(rest).strip_prefix(b":")
}

#[inline]
fn after_scalar(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [b'"', text @ ..] => after_string(text),
        [b'-' | b'0'..=b'9', ..] => after_number(rest),
        [b't', after @ ..] => after.strip_prefix(b"rue"),
        [b'f', after @ ..] => after.strip_prefix(b"alse"),
        [b'n', after @ ..] => after.strip_prefix(b"ull"),
        _ => None,
    }
}

/// From behind the first quote to behind the last one.
#[inline]
fn after_string(rest: &[u8]) -> Option<&[u8]> {
    let Some(begin) = rest.first_chunk::<SHORT_BYTES>() else { return after_long_string(rest) };
    let plain = begin.iter().position(|byte| !is_plain(*byte)).unwrap_or(SHORT_BYTES);
    match rest.get(plain..)? {
        [b'"', after @ ..] => Some(after),
        rest => after_long_string(rest),
    }
}

/// The same for strings that are long, have escapes, or stand at the end of the text.
#[inline(never)]
fn after_long_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = after_plain(rest)?;
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => after,
            [b'\\', b'u', digits @ ..] => {
                let (digits, after) = digits.split_first_chunk::<4>()?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(after)?
            }
            [byte, after @ ..] if is_plain(*byte) => after,
            _ => return None,
        };
    }
}

/// From sixteen plain bytes to the next, as long as there are sixteen; then up to the one that is not plain.
#[inline]
fn after_plain(mut rest: &[u8]) -> Option<&[u8]> {
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        // Without a branch, so that it becomes one comparison of all sixteen.
        let mark = |byte| if (byte == b'"') | (byte == b'\\') | (byte < 0x20) { u8::MAX } else { 0 };
        let marks = u128::from_le_bytes(block.map(mark));
        if marks != 0 {
            return rest.get(usize::try_from(marks.trailing_zeros() / 8).unwrap_or_default()..);
        }
        rest = after;
    }
    Some(rest)
}

#[inline]
fn after_number(rest: &[u8]) -> Option<&[u8]> {
    let rest = if let [b'-', after @ ..] = rest { after } else { rest };
    let rest = if let [b'0', after @ ..] = rest { after } else { after_digits(rest)? };
    let rest = if let [b'.', after @ ..] = rest { after_digits(after)? } else { rest };
    let [b'e' | b'E', exponent @ ..] = rest else { return Some(rest) };
    after_digits(if let [b'+' | b'-', after @ ..] = exponent { after } else { exponent })
}

/// One digit or more.
#[inline]
fn after_digits(rest: &[u8]) -> Option<&[u8]> {
    let [b'0'..=b'9', after @ ..] = rest else { return None };
    let mut rest = after;
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{scan_by_steps::Scanner, tests::any_json};
    use super::*;

    /// What the quick walk accepts, the walk by steps accepts with the same end.
    fn agrees(text: &[u8]) -> Result<Option<usize>, TestCaseError> {
        let quick = behind_nested(text).map(|rest| text.len() - rest.len());
        if let Some(end) = quick {
            prop_assert_eq!(Scanner::new(text).value(), Ok((0, end)), "{:?}", String::from_utf8_lossy(text));
        }
        Ok(quick)
    }

    proptest! {
        #[test]
        fn whatever_is_json_and_not_deep_is_accepted(json in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_vec_pretty(&json) } else { serde_json::to_vec(&json) };
            let text = [b"[", &text.unwrap()[..], b"] tail"].concat();
            prop_assert_eq!(agrees(&text)?, Some(text.len() - " tail".len()));
        }

        #[test]
        fn what_looks_like_json_is_accepted_only_if_it_is(text in r#"[\[\]{}:,"\\abu1 tn\.eE0\-\n]{0,24}"#) {
            agrees(format!("[{text}] tail").as_bytes())?;
            agrees(format!("{{\"a\":{text}}}").as_bytes())?;
            agrees(format!("{{\"{text}\":1}}").as_bytes())?;
        }

        #[test]
        fn damaged_json_is_accepted_only_if_it_is_json(
            json in any_json(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut text = [b"[", &serde_json::to_vec(&json).unwrap()[..], b"]"].concat();
            let place = place.index(text.len());
            prop_assert_eq!(agrees(&text[..place])?, None);
            text[place] = byte;
            agrees(&text)?;
        }

        #[test]
        fn strings_of_any_length_end_at_their_quote(
            text in "[a-zé]{0,70}", escape in prop::sample::select(vec!["", "\\n", "\\u00e9", "\\x", "\\u00g0", "\u{1}"]),
        ) {
            let text = format!("[\"{text}{escape}{text}\"]");
            let is_string = !["\\x", "\\u00g0", "\u{1}"].contains(&escape);
            prop_assert_eq!(agrees(text.as_bytes())?, is_string.then_some(text.len()));
        }
    }

    #[test]
    fn every_byte_is_judged_alike_in_every_place_of_a_string() {
        for byte in 0..=u8::MAX {
            for place in 0..40 {
                let mut text = [&b"[\""[..], &[b'x'; 40], b"\"]"].concat();
                text[2 + place] = byte;
                let is_plain = !matches!(byte, b'"' | b'\\' | 0..=0x1f);
                assert_eq!(behind_nested(&text).is_some(), is_plain, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn what_nests_deeper_is_left_to_the_exact_walk() {
        let nested = |depth| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert_eq!(behind_nested(&nested(OPEN_MAX as usize)), Some(&b""[..]));
        assert_eq!(behind_nested(&nested(OPEN_MAX as usize + 1)), None);
    }
}
