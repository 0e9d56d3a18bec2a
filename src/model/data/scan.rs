//! A walk over JSON text that checks every byte and builds nothing.
//!
//! Runs over every body that is decoded: one pass, no allocation beyond one byte per open bracket. Accepts and
//! refuses what Go's decoder accepts and refuses, with its words, because users' tests match on them. Where the walk is
//! stays in a register: each step takes a place and gives the next one, and a refusal is boxed so that this stays so.

use super::{DecodeError, quick};

/// How deep arrays and objects may nest in a body.
pub const NESTING_MAX: usize = 10_000;

/// Where in a text the walk is.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Array,
    Object,
}

/// The place behind what was walked over.
type Walked = Result<usize, Box<DecodeError>>;

const VALUE: &str = "looking for beginning of value";
const KEY: &str = "looking for beginning of object key string";

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Walks over white space; the byte after it, not yet walked over.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let (at, byte) = after_space(self.text, self.at);
        self.at = at;
        byte
    }

    /// Walks over white space and, if it comes next, over `byte`.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Walks over white space and one value; where the value starts and ends.
    pub(super) fn value(&mut self) -> Result<(usize, usize), DecodeError> {
        let first = self.peek().ok_or_else(DecodeError::empty)?;
        let start = self.at;
        let end = if matches!(first, b'{' | b'[') {
            let behind = quick::behind_nested(self.text.get(start..).unwrap_or_default());
            behind.map_or_else(|| nested(self.text, start), |behind| Ok(self.text.len() - behind.len()))
        } else {
            scalar(self.text, start, first)
        };
        self.at = end.map_err(|refusal| *refusal)?;
        Ok((start, self.at))
    }

    /// Walks over white space and one string; where it starts and ends, quotes included.
    pub(super) fn key(&mut self) -> Result<(usize, usize), DecodeError> {
        match self.peek().ok_or_else(DecodeError::truncated)? {
            b'"' => {
                let start = self.at;
                self.at = string(self.text, start).map_err(|refusal| *refusal)?;
                Ok((start, self.at))
            }
            other => Err(DecodeError::unexpected(other, KEY)),
        }
    }
}

/// The place of the first byte from `at` on that is not white space, and that byte.
#[inline]
pub(crate) fn after_space(text: &[u8], mut at: usize) -> (usize, Option<u8>) {
    while let Some(byte) = text.get(at).copied() {
        // One comparison tells for nearly every byte.
        if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            return (at, Some(byte));
        }
        at += 1;
    }
    (at, None)
}

/// The same inside a value, where the text must not end.
#[inline]
fn more(text: &[u8], at: usize) -> Result<(usize, u8), Box<DecodeError>> {
    match after_space(text, at) {
        (at, Some(byte)) => Ok((at, byte)),
        (_, None) => Err(truncated()),
    }
}

#[cold]
fn truncated() -> Box<DecodeError> {
    Box::new(DecodeError::truncated())
}

#[cold]
fn unexpected(byte: u8, place: &str) -> Box<DecodeError> {
    Box::new(DecodeError::unexpected(byte, place))
}

/// An array or an object, whose bracket stands at `at`; the quick walk has given up on it.
fn nested(text: &[u8], mut at: usize) -> Walked {
    let mut open = Vec::new();
    loop {
        let (start, byte) = more(text, at)?;
        at = match byte {
            b'{' => {
                enter(&mut open, Bracket::Object)?;
                match more(text, start + 1)? {
                    (end, b'}') => end,
                    (name, _) => {
                        at = member_name(text, name)?;
                        continue;
                    }
                }
            }
            b'[' => {
                enter(&mut open, Bracket::Array)?;
                match more(text, start + 1)? {
                    (end, b']') => end,
                    (element, _) => {
                        at = element;
                        continue;
                    }
                }
            }
            _ => scalar(text, start, byte)?,
        };
        match leave(text, at, &mut open)? {
            Left::Everything(end) => return Ok(end),
            Left::Some(next) => at = next,
        }
    }
}

/// What came after a value and the brackets that closed behind it.
enum Left {
    /// Nothing is open any more; the text of the value ends here.
    Everything(usize),
    /// A comma, and before a member its name: the next value comes here.
    Some(usize),
}

/// Walks from the end of a value to the beginning of the next one, out of all brackets that close in between.
#[inline]
fn leave(text: &[u8], mut at: usize, open: &mut Vec<Bracket>) -> Result<Left, Box<DecodeError>> {
    loop {
        let (place, byte) = more(text, at)?;
        at = place + 1;
        match (open.last(), byte) {
            (Some(Bracket::Array), b',') => return Ok(Left::Some(at)),
            (Some(Bracket::Object), b',') => return Ok(Left::Some(member_name(text, at)?)),
            (Some(Bracket::Array), b']') | (Some(Bracket::Object), b'}') => {
                open.pop();
                if open.is_empty() {
                    return Ok(Left::Everything(at));
                }
            }
            (Some(Bracket::Array), _) => return Err(unexpected(byte, "after array element")),
            _ => return Err(unexpected(byte, "after object key:value pair")),
        }
    }
}

#[inline]
fn enter(open: &mut Vec<Bracket>, bracket: Bracket) -> Result<(), Box<DecodeError>> {
    if open.len() >= NESTING_MAX {
        let byte = if bracket == Bracket::Array { b'[' } else { b'{' };
        return Err(unexpected(byte, "exceeded max depth"));
    }
    open.push(bracket);
    Ok(())
}

/// White space, the name of a member and its colon.
#[inline]
fn member_name(text: &[u8], at: usize) -> Walked {
    let (at, byte) = more(text, at)?;
    if byte != b'"' {
        return Err(unexpected(byte, KEY));
    }
    match more(text, string(text, at)?)? {
        (at, b':') => Ok(at + 1),
        (_, byte) => Err(unexpected(byte, "after object key")),
    }
}

/// A value that is neither an array nor an object; its first byte stands at `at`.
#[inline]
fn scalar(text: &[u8], at: usize, first: u8) -> Walked {
    match first {
        b'"' => string(text, at),
        b'-' | b'0'..=b'9' => number(text, at),
        b't' => literal(text, at, "true"),
        b'f' => literal(text, at, "false"),
        b'n' => literal(text, at, "null"),
        _ => Err(unexpected(first, VALUE)),
    }
}

/// A string, whose quote stands at `at`.
#[inline]
fn string(text: &[u8], at: usize) -> Walked {
    let mut at = at + 1;
    loop {
        at = plain_end(text, at);
        match text.get(at).copied() {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(text, at + 1)?,
            Some(control) => return Err(unexpected(control, "in string literal")),
            None => return Err(truncated()),
        }
    }
}

/// An escape, from behind its backslash.
fn escape(text: &[u8], at: usize) -> Walked {
    match text.get(at).copied().ok_or_else(truncated)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => {
            for digit in at + 1..at + 5 {
                let byte = text.get(digit).copied().ok_or_else(truncated)?;
                if !byte.is_ascii_hexdigit() {
                    return Err(unexpected(byte, r"in \u hexadecimal character escape"));
                }
            }
            Ok(at + 5)
        }
        other => Err(unexpected(other, "in string escape code")),
    }
}

#[inline]
fn number(text: &[u8], mut at: usize) -> Walked {
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(text, at, "in numeric literal")? };
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1, "after decimal point in numeric literal")?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(text.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(text, at, "in exponent of numeric literal")?;
    }
    Ok(at)
}

/// One digit or more.
#[inline]
fn digits(text: &[u8], mut at: usize, place: &str) -> Walked {
    let first = text.get(at).copied().ok_or_else(truncated)?;
    if !first.is_ascii_digit() {
        return Err(unexpected(first, place));
    }
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    Ok(at)
}

#[inline]
fn literal(text: &[u8], at: usize, word: &str) -> Walked {
    if text.get(at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
        return Ok(at + word.len());
    }
    Err(misspelt(text, at, word))
}

/// What is wrong with a literal.
#[cold]
fn misspelt(text: &[u8], at: usize, word: &str) -> Box<DecodeError> {
    let found = text.get(at..).unwrap_or_default();
    let wrong = found.iter().zip(word.bytes()).find(|(byte, expected)| **byte != *expected);
    wrong.map_or_else(truncated, |(byte, expected)| {
        unexpected(*byte, &format!("in literal {word} (expecting '{}')", char::from(expected)))
    })
}

/// The place of the first quote, backslash or control character from `at` on, or the end; eight bytes at a time.
#[inline]
pub(crate) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len())
}

/// Marks in the highest bit of each byte which of them are special. A borrow can only mark bytes above one that is truly
/// marked, so the lowest mark is exact.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // With this bit turned, the quote comes right behind the control characters, and only the space behind the quote.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{scan_by_steps, tests::any_json};
    use super::*;

    /// What all walks say must be the same: where the value stands, or why there is none.
    fn agree(text: &[u8]) -> Result<(), TestCaseError> {
        if matches!(text.first(), Some(b'{' | b'[')) {
            let (exact, by_steps) = (nested(text, 0), scan_by_steps::Scanner::new(text).value());
            prop_assert_eq!(exact.map_err(|refusal| *refusal), by_steps.map(|(_, end)| end));
        }
        let (fast, by_steps) = (Scanner::new(text).value(), scan_by_steps::Scanner::new(text).value());
        prop_assert_eq!(fast, by_steps, "{:?}", String::from_utf8_lossy(text));
        Ok(())
    }

    proptest! {
        #[test]
        fn plain_text_ends_at_the_first_special_byte(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let expected = text.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(text.len());
            prop_assert_eq!(plain_end(&text, 0), expected);
        }

        #[test]
        fn what_looks_like_json_is_judged_as_by_steps(text in r#"[\[\]{}:,"\\abu1 tn\.eE0\-\n]{0,24}"#) {
            agree(text.as_bytes())?;
            agree(format!("[{text}] tail").as_bytes())?;
            agree(format!("{{\"a\":{text}}}").as_bytes())?;
        }

        #[test]
        fn damaged_json_is_judged_as_by_steps(
            json in any_json(), pretty in any::<bool>(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let text = if pretty { serde_json::to_vec_pretty(&json) } else { serde_json::to_vec(&json) };
            let mut text = text.unwrap();
            agree(&text)?;
            let place = place.index(text.len());
            agree(&text[..place])?;
            text[place] = byte;
            agree(&text)?;
        }
    }

    #[test]
    fn depth_is_refused_at_the_same_place() {
        for depth in [NESTING_MAX, NESTING_MAX + 1] {
            agree(&[b"[".repeat(depth), b"]".repeat(depth)].concat()).unwrap();
            agree(&b"{\"a\":".repeat(depth)).unwrap();
        }
    }
}
