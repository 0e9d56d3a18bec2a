//! Reading a JSON text into a [`Document`]: one pass, no recursion, nothing copied but names with escapes.
//!
//! Runs twice for every pair whose bytes differ. Accepts what RFC 8259 accepts and nothing after it.

use crate::model::data::{meaning, plain_length};

use super::document::{Children, DEPTH_MAX, Document, Kind, Name, Unreadable, VALUES_MAX, Value, order};

/// An object or a list that is not closed yet.
struct Open {
    /// Its place among the values.
    place: usize,
    /// Where its children begin among those that wait.
    waiting: usize,
    is_object: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    document: Document<'a>,
    open: Vec<Open>,
    /// Children of what is open.
    waiting: Vec<u32>,
    /// The name of the value that comes next.
    name: Name,
}

impl<'a> Document<'a> {
    /// Reads a text.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_not_text| Unreadable::Invalid)?;
        if u32::try_from(text.len()).is_err() {
            return Err(Unreadable::TooLarge);
        }
        // Room for a dense document, so that hardly any moves while it is read.
        let room = (text.len() / 8).clamp(8, VALUES_MAX);
        let (values, children) = (Vec::with_capacity(room), Vec::with_capacity(room));
        Reader {
            bytes,
            at: 0,
            document: Document { text, values, children, unescaped: Vec::new() },
            open: Vec::with_capacity(8),
            waiting: Vec::with_capacity(room / 4),
            name: Name::default(),
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
        let kind = match first {
            b'{' | b'[' => return self.enter(first == b'{'),
            b'"' => Kind::Text { is_escaped: self.string()? },
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Kind::Number
            }
            b't' => self.word("true", Kind::Bool(true))?,
            b'f' => self.word("false", Kind::Bool(false))?,
            b'n' => self.word("null", Kind::Null)?,
            _ => return Err(Unreadable::Invalid),
        };
        self.keep(kind, start)?;
        Ok(false)
    }

    fn enter(&mut self, is_object: bool) -> Result<bool, Unreadable> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Unreadable::TooLarge);
        }
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let place = self.keep(kind, self.at)?;
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
        if open.is_object {
            sort(&self.document, &mut self.waiting, open.waiting);
        }
        let Document { values, children, .. } = &mut self.document;
        let start = children.len();
        children.extend_from_slice(self.waiting.get(open.waiting..).unwrap_or_default());
        self.waiting.truncate(open.waiting);
        if let Some(value) = values.get_mut(open.place) {
            value.children = Children { start: small(start), count: small(children.len() - start) };
            value.end = small(self.at);
        }
    }

    fn keep(&mut self, kind: Kind, start: usize) -> Result<usize, Unreadable> {
        let place = self.document.values.len();
        if place >= VALUES_MAX {
            return Err(Unreadable::TooLarge);
        }
        let name = std::mem::take(&mut self.name);
        let (start, end) = (small(start), small(self.at));
        self.document.values.push(Value { name, start, end, children: Children::default(), kind });
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
        self.name = if is_escaped { self.unescape(start) } else { self.plain(start + 1) };
        if self.peek() != Some(b':') {
            return Err(Unreadable::Invalid);
        }
        self.at += 1;
        Ok(())
    }

    /// The name that begins here and ends before the quote that was just read.
    fn plain(&self, start: usize) -> Name {
        let length = self.at.saturating_sub(start + 1);
        let order = order(self.bytes.get(start..).unwrap_or_default(), length);
        Name { order, start: small(start), length: small(length), is_unescaped: false }
    }

    /// The name with escapes whose quotes begin here.
    fn unescape(&mut self, start: usize) -> Name {
        let name = meaning(self.bytes.get(start..self.at).unwrap_or_default()).into_owned();
        let order = order(name.as_bytes(), name.len());
        let place = self.document.unescaped.len();
        let length = small(name.len());
        self.document.unescaped.push(name);
        Name { order, start: small(place), length, is_unescaped: true }
    }

    /// Walks over a string; whether anything in it is escaped.
    fn string(&mut self) -> Result<bool, Unreadable> {
        self.at += 1;
        let mut is_escaped = false;
        loop {
            self.at += plain_length(self.bytes.get(self.at..).unwrap_or_default());
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
                let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
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

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Unreadable> {
        let here = self.bytes.get(self.at..self.at + word.len());
        if here != Some(word.as_bytes()) {
            return Err(Unreadable::Invalid);
        }
        self.at += word.len();
        Ok(kind)
    }

    /// Walks over white space; the byte after it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                // Most bytes that are asked for are none, which one comparison tells.
                Some(byte) if byte > b' ' => return Some(byte),
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// Orders the members from `start` on by name; of equal names the last stays.
fn sort(document: &Document<'_>, waiting: &mut Vec<u32>, start: usize) {
    let Some(members) = waiting.get_mut(start..) else { return };
    let name = |place: u32| document.values.get(place as usize).map(|value| value.name).unwrap_or_default();
    let by_name = |one: Name, other: Name| one.cmp_by(other, || document.name(one).cmp(document.name(other)));
    if members.is_sorted_by(|one, other| by_name(name(*one), name(*other)).is_lt()) {
        return;
    }
    if members.is_sorted_by(|one, other| by_name(name(*one), name(*other)).is_gt()) {
        return members.reverse();
    }
    members.sort_unstable_by(|one, other| by_name(name(*one), name(*other)).then(one.cmp(other)));
    let mut kept = start;
    for place in start..waiting.len() {
        let Some(&member) = waiting.get(place) else { continue };
        let is_last = waiting.get(place + 1).is_none_or(|next| by_name(name(member), name(*next)).is_ne());
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
