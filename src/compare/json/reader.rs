//! Reading a JSON text into a [`Document`]: one pass, no recursion, nothing copied but names with escapes.
//!
//! Runs twice for every pair whose bytes differ. Accepts what RFC 8259 accepts and nothing after it.

use std::borrow::Cow;

use crate::model::data::{meaning, plain_length};

use super::{
    document::{Children, Content, DEPTH_MAX, Document, Unreadable, VALUES_MAX, Value, order},
    text::Text,
};

/// An object or a list that is not closed yet.
struct Open {
    /// Its place among the values.
    place: usize,
    /// Where its children begin among those that wait.
    waiting: usize,
    is_object: bool,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    document: Document<'a>,
    open: Vec<Open>,
    /// Children of what is open.
    waiting: Vec<u32>,
    /// The name of the value that comes next.
    name: Cow<'a, str>,
}

impl<'a> Document<'a> {
    /// Reads a text.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_not_text| Unreadable::Invalid)?;
        if u32::try_from(text.len()).is_err() {
            return Err(Unreadable::TooLarge);
        }
        let values = Vec::with_capacity((text.len() / 16).clamp(8, VALUES_MAX));
        Reader {
            text,
            at: 0,
            document: Document { text, values, children: Vec::with_capacity((text.len() / 16).clamp(8, VALUES_MAX)) },
            open: Vec::new(),
            waiting: Vec::new(),
            name: Cow::Borrowed(""),
        }
        .whole()
    }
}

impl<'a> Reader<'a> {
    fn whole(mut self) -> Result<Document<'a>, Unreadable> {
        loop {
            if !self.value()? {
                while !self.next()? {
                    if self.open.is_empty() {
                        return self.end();
                    }
                }
            }
        }
    }

    /// Nothing but white space may follow.
    fn end(mut self) -> Result<Document<'a>, Unreadable> {
        match self.peek() {
            None => Ok(self.document),
            Some(_) => Err(Unreadable::Invalid),
        }
    }

    /// Reads a scalar, or enters an object or a list; whether another value has to come, because it has some.
    fn value(&mut self) -> Result<bool, Unreadable> {
        let first = self.peek().ok_or(Unreadable::Invalid)?;
        let start = self.at;
        let content = match first {
            b'{' | b'[' => return self.enter(first == b'{'),
            b'"' => {
                let is_escaped = self.string()?;
                Content::Text(Text { quoted: self.since(start), is_escaped })
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Content::Number(self.since(start))
            }
            b't' => self.word("true", Content::Bool(true))?,
            b'f' => self.word("false", Content::Bool(false))?,
            b'n' => self.word("null", Content::Null)?,
            _ => return Err(Unreadable::Invalid),
        };
        self.keep(content, start)?;
        Ok(false)
    }

    fn enter(&mut self, is_object: bool) -> Result<bool, Unreadable> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Unreadable::TooLarge);
        }
        let content = if is_object { Content::Object } else { Content::Array };
        let place = self.keep(content(Children::default()), self.at)?;
        self.open.push(Open { place, waiting: self.waiting.len(), is_object });
        self.at += 1;
        let last = if is_object { b'}' } else { b']' };
        if self.peek() == Some(last) {
            return Ok(false);
        }
        if is_object {
            self.member_name()?;
        }
        Ok(true)
    }

    /// What follows a value: whether another one comes. If not, what was open is closed, or nothing is open.
    fn next(&mut self) -> Result<bool, Unreadable> {
        let Some(open) = self.open.last() else { return Ok(false) };
        let is_object = open.is_object;
        match (self.peek(), is_object) {
            (Some(b','), true) => {
                self.at += 1;
                self.peek();
                self.member_name()?;
                Ok(true)
            }
            (Some(b','), false) => {
                self.at += 1;
                Ok(true)
            }
            (Some(b'}'), true) | (Some(b']'), false) => {
                self.at += 1;
                self.close();
                Ok(false)
            }
            _ => Err(Unreadable::Invalid),
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let (values, waiting) = (&mut self.document.values, &mut self.waiting);
        if open.is_object {
            sort(values, waiting, open.waiting);
        }
        let start = self.document.children.len();
        self.document.children.extend(waiting.drain(open.waiting.min(waiting.len())..));
        let count = self.document.children.len() - start;
        let span = Children { start: small(start), count: small(count) };
        if let Some(value) = values.get_mut(open.place) {
            value.content = if open.is_object { Content::Object(span) } else { Content::Array(span) };
            value.end = small(self.at);
        }
    }

    fn keep(&mut self, content: Content<'a>, start: usize) -> Result<usize, Unreadable> {
        let place = self.document.values.len();
        if place >= VALUES_MAX {
            return Err(Unreadable::TooLarge);
        }
        let name = std::mem::take(&mut self.name);
        let order = order(&name);
        self.document.values.push(Value { name, order, content, start: small(start), end: small(self.at) });
        if !self.open.is_empty() {
            self.waiting.push(small(place));
        }
        Ok(place)
    }

    /// A name and its colon.
    fn member_name(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        if self.byte() != Some(b'"') {
            return Err(Unreadable::Invalid);
        }
        let is_escaped = self.string()?;
        let quoted = self.since(start);
        self.name = match quoted.get(1..quoted.len().saturating_sub(1)) {
            Some(plain) if !is_escaped => plain.into(),
            _ => meaning(quoted.as_bytes()),
        };
        if self.peek() != Some(b':') {
            return Err(Unreadable::Invalid);
        }
        self.at += 1;
        Ok(())
    }

    /// Walks over a string; whether anything in it is escaped.
    fn string(&mut self) -> Result<bool, Unreadable> {
        self.at += 1;
        let mut is_escaped = false;
        loop {
            self.at += plain_length(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(is_escaped);
                }
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return Err(Unreadable::Invalid),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Unreadable> {
        self.at += 1;
        let length = match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Unreadable::Invalid);
                }
                5
            }
            _ => return Err(Unreadable::Invalid),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Unreadable> {
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(Unreadable::Invalid) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, content: Content<'a>) -> Result<Content<'a>, Unreadable> {
        let here = self.text.as_bytes().get(self.at..self.at + word.len());
        if here != Some(word.as_bytes()) {
            return Err(Unreadable::Invalid);
        }
        self.at += word.len();
        Ok(content)
    }

    /// Walks over white space; the byte after it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }
}

/// Orders the members from `start` on by name; of equal names the last stays.
fn sort(values: &[Value<'_>], waiting: &mut Vec<u32>, start: usize) {
    let Some(members) = waiting.get_mut(start..) else { return };
    let by_name = |one: u32, other: u32| match (values.get(one as usize), values.get(other as usize)) {
        (Some(one), Some(other)) => one.by_name(other),
        _ => std::cmp::Ordering::Equal,
    };
    if members.is_sorted_by(|one, other| by_name(*one, *other).is_lt()) {
        return;
    }
    members.sort_unstable_by(|one, other| by_name(*one, *other).then(one.cmp(other)));
    let mut kept = start;
    for place in start..waiting.len() {
        let Some(&member) = waiting.get(place) else { continue };
        let is_last = waiting.get(place + 1).is_none_or(|next| by_name(member, *next).is_ne());
        if is_last && let Some(free) = waiting.get_mut(kept) {
            *free = member;
            kept += 1;
        }
    }
    waiting.truncate(kept);
}

/// A place in a text that is known to be shorter than 4 GiB.
fn small(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
