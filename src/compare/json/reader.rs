//! Reading a JSON text into a [`Tape`]: one pass, no recursion, nothing copied but names with escapes.
//!
//! Runs twice for every pair whose bytes differ. Accepts what RFC 8259 accepts and nothing after it. Where it reads stays
//! in a register: each step takes a place in the text and gives the next one.

use std::borrow::Cow;

use crate::model::data::{meaning, plain_end};

use super::{
    document::{Kind, Tape, Unreadable, Value},
    names::{NO_NAMES, Names, small},
    twins::{NONE, Twin, Twins},
};

/// How deep lists and objects may nest in a body that is compared.
pub(crate) const DEPTH_MAX: usize = 64;

/// How many values a body that is compared may have, lists and objects included.
pub(crate) const VALUES_MAX: usize = 20_000;

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// How deep lists and objects may nest.
    pub(crate) depth_max: usize,
    /// How many values there may be, lists and objects included.
    pub(crate) values_max: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { depth_max: DEPTH_MAX, values_max: VALUES_MAX }
    }
}

/// What is not closed yet.
#[derive(Clone, Copy)]
struct Open {
    kind: Outer,
    /// Its place among the values.
    place: u32,
    /// The elements of a list so far; the sequence of the names of an object so far.
    holds: u32,
    /// What belongs to it in the live document.
    twin: Twin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outer {
    /// Nothing: what comes is the whole document.
    Nothing,
    List,
    Object,
}

struct Reader<'a, 'n, 'l> {
    text: &'a str,
    bytes: &'a [u8],
    size: Size,
    names: &'n mut Names<'a>,
    twins: Twins<'l>,
    values: Vec<Value>,
    /// How many values there were, those that nobody looked into included.
    count: usize,
    /// Of the member that comes next, the sequence of names up to its own.
    name: u32,
    /// What belongs to the value that comes next.
    twin: u32,
    /// The innermost.
    open: Open,
    /// Those around it.
    around: Vec<Open>,
}

/// A place further on, mostly that where the next value begins.
type Next = Result<usize, Stop>;

/// Why nothing more is read.
#[derive(Clone, Copy)]
enum Stop {
    /// All has been read.
    End,
    Unreadable(Unreadable),
}

const INVALID: Stop = Stop::Unreadable(Unreadable::Invalid);
const TOO_LARGE: Stop = Stop::Unreadable(Unreadable::TooLarge);

impl<'a> Tape<'a> {
    /// Reads a text, whose names are noted. What is the same in `live` is not read again.
    pub(crate) fn read(
        bytes: &'a [u8],
        size: Size,
        names: &mut Names<'a>,
        live: Option<&Tape<'_>>,
    ) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_not_text| Unreadable::Invalid)?;
        if u32::try_from(text.len()).is_err() {
            return Err(Unreadable::TooLarge);
        }
        // Room for a dense document, so that hardly any moves while it is read.
        let room = if live.is_some() { text.len() / 64 } else { text.len() / 8 };
        let values = Vec::with_capacity(room.clamp(8, size.values_max.max(8)));
        let open = Open { kind: Outer::Nothing, place: 0, holds: NO_NAMES, twin: Twin::NOBODY };
        let (twins, around) = (Twins::of(live), Vec::with_capacity(8));
        let twin = twins.root();
        Reader { text, bytes, size, names, twins, values, count: 0, name: NO_NAMES, twin, open, around }.whole()
    }
}

impl<'a> Reader<'a, '_, '_> {
    fn whole(mut self) -> Result<Tape<'a>, Unreadable> {
        let mut at = 0;
        loop {
            match self.value(at) {
                Ok(next) => at = next,
                Err(Stop::End) => return Ok(Tape { text: self.text, values: self.values }),
                Err(Stop::Unreadable(why)) => return Err(why),
            }
        }
    }

    /// Takes a value, or the beginning of a list or an object.
    #[inline]
    fn value(&mut self, at: usize) -> Next {
        let (start, first) = more(self.bytes, at)?;
        if self.twin != NONE
            && let Some(end) = self.same(start)?
        {
            return self.leave(end);
        }
        let (end, kind) = match first {
            b'"' => {
                let end = plain_end(self.bytes, start + 1);
                if self.bytes.get(end) == Some(&b'"') {
                    (end + 1, Kind::Text { is_escaped: false })
                } else {
                    (escaped(self.bytes, end)?, Kind::Text { is_escaped: true })
                }
            }
            b'{' | b'[' => return self.enter(start, first),
            b'-' | b'0'..=b'9' => (number(self.bytes, start)?, Kind::Number),
            b't' => (word(self.bytes, start, b"true")?, Kind::Bool(true)),
            b'f' => (word(self.bytes, start, b"false")?, Kind::Bool(false)),
            b'n' => (word(self.bytes, start, b"null")?, Kind::Null),
            _ => return Err(INVALID),
        };
        self.keep(kind, start, end)?;
        self.leave(end)
    }

    /// Goes into a list or an object, whose bracket stands at `start`; out again if there is nothing in it.
    fn enter(&mut self, start: usize, first: u8) -> Next {
        if self.around.len() >= self.size.depth_max {
            return Err(TOO_LARGE);
        }
        let (kind, outer) = if first == b'{' { (Kind::Object, Outer::Object) } else { (Kind::Array, Outer::List) };
        let twin = if self.twin == NONE { Twin::NOBODY } else { self.twins.enter(self.twin, kind, self.names) };
        let is_same = self.open.twin.is_same;
        let place = self.keep(kind, start, start)?;
        self.open.twin.is_same = is_same;
        self.around.push(self.open);
        self.open = Open { kind: outer, place, holds: NO_NAMES, twin };
        let inside = start + 1;
        if outer == Outer::Object
            && let Some(next) = self.foreseen(inside)
        {
            return Ok(next);
        }
        match (more(self.bytes, inside)?, outer) {
            ((end, b'}'), Outer::Object) | ((end, b']'), Outer::List) => {
                self.close(end + 1);
                self.leave(end + 1)
            }
            ((name, _), Outer::Object) => self.member(inside, name),
            ((element, _), _) => self.element(element),
        }
    }

    /// From the end of a value to the beginning of the next one, out of all that closes in between.
    #[inline]
    fn leave(&mut self, mut at: usize) -> Next {
        loop {
            let outer = self.open.kind;
            if outer == Outer::Object
                && let Some(next) = self.foreseen(at)
            {
                return Ok(next);
            }
            let (place, byte) = match (after_space(self.bytes, at), outer) {
                ((_, None), Outer::Nothing) => return Err(Stop::End),
                ((place, Some(byte)), Outer::List | Outer::Object) => (place, byte),
                _ => return Err(INVALID),
            };
            match (byte, outer) {
                (b',', Outer::List) => return self.element(place + 1),
                (b',', _) => {
                    let (name, _) = more(self.bytes, place + 1)?;
                    return self.member(at, name);
                }
                (b']', Outer::List) | (b'}', Outer::Object) => {
                    at = place + 1;
                    self.close(at);
                }
                _ => return Err(INVALID),
            }
        }
    }

    /// Takes the name that followed last, if it is there again; the place of the value.
    #[inline]
    fn foreseen(&mut self, at: usize) -> Option<usize> {
        let (sequence, length) = self.names.foreseen(self.open.holds, self.bytes.get(at..)?)?;
        self.expect(sequence);
        Some(at + length)
    }

    /// Takes the name that stands at `start`, and its colon; the place of the value. `before` is where the value before it
    /// ended.
    fn member(&mut self, before: usize, start: usize) -> Next {
        if self.bytes.get(start) != Some(&b'"') {
            return Err(INVALID);
        }
        let plain = plain_end(self.bytes, start + 1);
        let is_escaped = self.bytes.get(plain) != Some(&b'"');
        let end = if is_escaped { escaped(self.bytes, plain)? } else { plain + 1 };
        let (colon, byte) = more(self.bytes, end)?;
        if byte != b':' {
            return Err(INVALID);
        }
        let (value, _) = more(self.bytes, colon + 1)?;
        let name = if is_escaped {
            Cow::Owned(meaning(self.bytes.get(start..end).unwrap_or_default()).into_owned())
        } else {
            Cow::Borrowed(self.text.get(start + 1..end - 1).unwrap_or_default())
        };
        let between = self.bytes.get(before..value).unwrap_or_default();
        let sequence = self.names.follow(self.open.holds, name, between);
        self.expect(sequence);
        Ok(value)
    }

    /// The member that ends this sequence of names comes next.
    #[inline]
    fn expect(&mut self, sequence: u32) {
        (self.open.holds, self.name) = (sequence, sequence);
        if self.open.twin.place != NONE {
            self.twin = self.twins.member(&mut self.open.twin, sequence, self.names);
        }
    }

    /// An element comes next.
    #[inline]
    fn element(&mut self, at: usize) -> Next {
        self.open.holds += 1;
        self.name = NO_NAMES;
        if self.open.twin.place != NONE {
            self.twin = self.twins.element(&mut self.open.twin);
        }
        Ok(at)
    }

    /// Where the value ends that begins at `start`, if it is the one that belongs to it.
    #[inline]
    fn same(&mut self, start: usize) -> Result<Option<usize>, Stop> {
        let Some((value, length)) = self.twins.same(self.twin, self.bytes.get(start..).unwrap_or_default()) else {
            return Ok(None);
        };
        self.count += (value.next - self.twin) as usize;
        if self.count > self.size.values_max {
            return Err(TOO_LARGE);
        }
        let (end, next) = (start + length, small(self.values.len()) + 1);
        let (start, end_of_text, name, twin) = (start as u32, end as u32, self.name, self.twin);
        self.values.push(Value { start, end: end_of_text, next, name, twin, ..value });
        Ok(Some(end))
    }

    fn close(&mut self, end: usize) {
        let Open { kind, place, holds, twin } = self.open;
        if kind == Outer::Object {
            self.names.note_end(holds);
        }
        if let Some(outer) = self.around.pop() {
            self.open = outer;
        }
        let same = if twin.place == NONE {
            None
        } else {
            let kind = if kind == Outer::Object { Kind::Object } else { Kind::Array };
            self.twins.leave(twin, kind, holds, self.names)
        };
        if same.is_some() {
            self.values.truncate(place as usize + 1);
        } else {
            self.open.twin.is_same = false;
        }
        let next = small(self.values.len());
        if let Some(value) = self.values.get_mut(place as usize) {
            (value.end, value.next, value.holds) = (end as u32, next, holds);
            if let Some(same) = same {
                (value.holds, value.twin) = (same.holds, twin.place);
            }
        }
        // Until something is expected again.
        self.twin = NONE;
    }

    #[inline]
    fn keep(&mut self, kind: Kind, start: usize, end: usize) -> Result<u32, Stop> {
        self.count += 1;
        if self.count > self.size.values_max {
            return Err(TOO_LARGE);
        }
        self.open.twin.is_same = false;
        self.twin = NONE;
        let place = small(self.values.len());
        let (start, end) = (start as u32, end as u32);
        self.values.push(Value { start, end, next: place + 1, name: self.name, holds: 0, twin: NONE, kind });
        Ok(place)
    }
}

/// The first place from `at` on that is not white space, and what stands there.
#[inline]
fn after_space(text: &[u8], mut at: usize) -> (usize, Option<u8>) {
    while let Some(byte) = text.get(at).copied() {
        // One comparison tells for nearly every byte.
        if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            return (at, Some(byte));
        }
        at += 1;
    }
    (at, None)
}

/// The same where the text must not end.
#[inline]
fn more(text: &[u8], at: usize) -> Result<(usize, u8), Stop> {
    match after_space(text, at) {
        (at, Some(byte)) => Ok((at, byte)),
        (_, None) => Err(INVALID),
    }
}

/// The end of a string that is plain up to `at`, and not there.
fn escaped(text: &[u8], mut at: usize) -> Next {
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = plain_end(text, escape(text, at + 1)?),
            _ => return Err(INVALID),
        }
    }
}

/// The end of an escape, whose backslash stands before `at`.
fn escape(text: &[u8], at: usize) -> Next {
    match text.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => {
            let digits = text.get(at + 1..at + 5).unwrap_or_default();
            let is_code = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
            if is_code { Ok(at + 5) } else { Err(INVALID) }
        }
        _ => Err(INVALID),
    }
}

#[inline]
fn number(text: &[u8], mut at: usize) -> Next {
    at += usize::from(text.get(at) == Some(&b'-'));
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(text, at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at = digits(text, at)?;
    }
    Ok(at)
}

/// One digit or more.
#[inline]
fn digits(text: &[u8], start: usize) -> Next {
    let mut at = start;
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == start { Err(INVALID) } else { Ok(at) }
}

#[inline]
fn word(text: &[u8], at: usize, word: &[u8]) -> Next {
    let end = at + word.len();
    if text.get(at..end) == Some(word) { Ok(end) } else { Err(INVALID) }
}
