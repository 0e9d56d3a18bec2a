//! The walk of [`super::scan`] written as a table of states, one byte after the other: what the fast one is held against.
//!
//! Only for tests. It must never be changed together with the fast one, or it measures nothing.

use super::{DecodeError, scan::NESTING_MAX};

/// Where in a text the walk is.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Bracket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Array,
    Object,
}

/// What has to come next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

const VALUE: &str = "looking for beginning of value";
const KEY: &str = "looking for beginning of object key string";

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, open: Vec::new() }
    }

    /// Walks over white space; the byte after it, not yet walked over.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
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
        if matches!(first, b'{' | b'[') {
            self.nested()?
        } else {
            self.scalar(first)?
        }
        Ok((start, self.at))
    }

    /// Walks over white space and one string; where it starts and ends, quotes included.
    pub(super) fn key(&mut self) -> Result<(usize, usize), DecodeError> {
        match self.peek().ok_or_else(DecodeError::truncated)? {
            b'"' => {
                let start = self.at;
                self.string()?;
                Ok((start, self.at))
            }
            other => Err(DecodeError::unexpected(other, KEY)),
        }
    }

    fn nested(&mut self) -> Result<(), DecodeError> {
        self.open.clear();
        let mut next = Next::Value;
        loop {
            let byte = self.peek().ok_or_else(DecodeError::truncated)?;
            next = match (next, byte) {
                (Next::Value | Next::ValueOrEnd, b'{') => self.enter(Bracket::Object, Next::KeyOrEnd)?,
                (Next::Value | Next::ValueOrEnd, b'[') => self.enter(Bracket::Array, Next::ValueOrEnd)?,
                (Next::ValueOrEnd, b']') | (Next::KeyOrEnd, b'}') => self.leave(),
                (Next::Value | Next::ValueOrEnd, _) => {
                    self.scalar(byte)?;
                    Next::CommaOrEnd
                }
                (Next::Key | Next::KeyOrEnd, _) => self.member_name()?,
                (Next::CommaOrEnd, _) => self.comma_or_end(byte)?,
            };
            if self.open.is_empty() {
                return Ok(());
            }
        }
    }

    fn enter(&mut self, bracket: Bracket, next: Next) -> Result<Next, DecodeError> {
        if self.open.len() >= NESTING_MAX {
            let byte = if bracket == Bracket::Array { b'[' } else { b'{' };
            return Err(DecodeError::unexpected(byte, "exceeded max depth"));
        }
        self.open.push(bracket);
        self.at += 1;
        Ok(next)
    }

    fn leave(&mut self) -> Next {
        self.open.pop();
        self.at += 1;
        Next::CommaOrEnd
    }

    fn member_name(&mut self) -> Result<Next, DecodeError> {
        self.key()?;
        if self.take(b':') {
            return Ok(Next::Value);
        }
        Err(self.peek().map_or_else(DecodeError::truncated, |byte| DecodeError::unexpected(byte, "after object key")))
    }

    fn comma_or_end(&mut self, byte: u8) -> Result<Next, DecodeError> {
        match (self.open.last(), byte) {
            (Some(Bracket::Array), b']') | (Some(Bracket::Object), b'}') => Ok(self.leave()),
            (Some(Bracket::Array), b',') => {
                self.at += 1;
                Ok(Next::Value)
            }
            (Some(Bracket::Object), b',') => {
                self.at += 1;
                Ok(Next::Key)
            }
            (Some(Bracket::Array), _) => Err(DecodeError::unexpected(byte, "after array element")),
            _ => Err(DecodeError::unexpected(byte, "after object key:value pair")),
        }
    }

    fn scalar(&mut self, first: u8) -> Result<(), DecodeError> {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => Err(DecodeError::unexpected(first, VALUE)),
        }
    }

    fn string(&mut self) -> Result<(), DecodeError> {
        self.at += 1;
        loop {
            match self.step()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                control @ 0..=0x1f => return Err(DecodeError::unexpected(control, "in string literal")),
                _plain => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), DecodeError> {
        match self.step()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _digit in 0..4 {
                    let byte = self.step()?;
                    if !byte.is_ascii_hexdigit() {
                        return Err(DecodeError::unexpected(byte, r"in \u hexadecimal character escape"));
                    }
                }
                Ok(())
            }
            other => Err(DecodeError::unexpected(other, "in string escape code")),
        }
    }

    fn number(&mut self) -> Result<(), DecodeError> {
        if self.here(b"-") {
            self.at += 1;
        }
        if self.here(b"0") {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.here(b".") {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if self.here(b"eE") {
            self.at += 1;
            if self.here(b"+-") {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digits(&mut self, place: &str) -> Result<(), DecodeError> {
        let first = self.step()?;
        if !first.is_ascii_digit() {
            return Err(DecodeError::unexpected(first, place));
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), DecodeError> {
        for expected in word.bytes() {
            let byte = self.step()?;
            if byte != expected {
                let place = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(DecodeError::unexpected(byte, &place));
            }
        }
        Ok(())
    }

    /// Whether one of `any` comes next.
    fn here(&self, any: &[u8]) -> bool {
        self.text.get(self.at).is_some_and(|byte| any.contains(byte))
    }

    fn step(&mut self) -> Result<u8, DecodeError> {
        let byte = self.text.get(self.at).copied().ok_or_else(DecodeError::truncated)?;
        self.at += 1;
        Ok(byte)
    }
}
