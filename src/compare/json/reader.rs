//! Reading a JSON text into a [`Tape`]: one pass, no recursion, nothing copied but names with escapes.
//!
//! Runs twice for every pair whose bytes differ. Accepts what RFC 8259 accepts and nothing after it. Where it reads stays
//! in a register: each step takes a place in the text and gives the next one.

use std::borrow::Cow;

use crate::model::data::{after_space, meaning, plain_end};

use super::{
    document::{Kind, Tape, Unreadable, Value},
    names::{NO_NAMES, Names, small},
    token::{self, escaped, more},
    twins::{NONE, Twin, Twins},
};

/// How deep lists and objects may nest in a body that is compared.
pub(crate) const DEPTH_MAX: usize = 64;

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// How deep lists and objects may nest.
    pub(crate) depth_max: usize,
    /// How many values there may be, lists and objects included.
    pub(crate) values_max: usize,
}

impl Size {
    /// Of a document of so many values; how deep it may be is not for a file to say, since comparing recurses.
    pub(crate) const fn of(values_max: usize) -> Self {
        Self { depth_max: DEPTH_MAX, values_max }
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
    /// What comes of it when nothing more is read.
    end: Result<(), Unreadable>,
    /// How many values there were that nobody looked into.
    skipped: usize,
    /// Of the member that comes next, the sequence of names up to its own.
    name: u32,
    /// What belongs to the value that comes next.
    twin: u32,
    /// The innermost.
    open: Open,
    /// Those around it.
    around: Vec<Open>,
}

/// A place further on, mostly that where the next value begins; `None` if nothing more is read, which [`Reader::end`] says
/// why. It fits into registers.
type Next = Option<usize>;

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
        let (skipped, name, end) = (0, NO_NAMES, Err(Unreadable::Invalid));
        Reader { text, bytes, size, names, twins, values, end, skipped, name, twin, open, around }.whole()
    }
}

impl<'a> Reader<'a, '_, '_> {
    fn whole(mut self) -> Result<Tape<'a>, Unreadable> {
        let mut at = 0;
        while let Some(end) = self.value(at)
            && let Some(next) = self.leave(end)
        {
            at = next;
        }
        self.end?;
        if self.values.len() + self.skipped > self.size.values_max {
            return Err(Unreadable::TooLarge);
        }
        Ok(Tape { text: self.text, values: self.values })
    }

    /// Takes a value, into the innermost lists and objects that it begins with; where it ends.
    #[inline]
    fn value(&mut self, mut at: usize) -> Next {
        loop {
            let (start, first) = more(self.bytes, at)?;
            if self.twin != NONE
                && let Some(end) = self.same(start)
            {
                return Some(end);
            }
            if !matches!(first, b'{' | b'[') {
                let (end, kind) = token::scalar(self.bytes, start, first)?;
                self.open.twin.is_same = false;
                self.keep(kind, start, end)?;
                return Some(end);
            }
            self.enter(start, first)?;
            let inside = start + 1;
            if first == b'{'
                && let Some(next) = self.foreseen(inside)
            {
                at = next;
                continue;
            }
            at = match (more(self.bytes, inside)?, first) {
                ((end, b'}'), b'{') | ((end, b']'), b'[') => {
                    self.close(end + 1);
                    return Some(end + 1);
                }
                ((name, _), b'{') => self.member(inside, name)?,
                ((element, _), _) => self.element(element),
            };
        }
    }

    /// Goes into a list or an object, whose bracket stands at `start`.
    fn enter(&mut self, start: usize, first: u8) -> Option<()> {
        if self.around.len() >= self.size.depth_max {
            return self.give_up();
        }
        let (kind, outer) = if first == b'{' { (Kind::Object, Outer::Object) } else { (Kind::Array, Outer::List) };
        let twin = if self.twin == NONE { Twin::NOBODY } else { self.twins.enter(self.twin, kind, self.names) };
        let place = self.values.len() as u32;
        self.keep(kind, start, start)?;
        self.around.push(std::mem::replace(&mut self.open, Open { kind: outer, place, holds: NO_NAMES, twin }));
        Some(())
    }

    #[cold]
    fn give_up(&mut self) -> Option<()> {
        self.end = Err(Unreadable::TooLarge);
        None
    }

    /// From the end of a value to the beginning of the next one, out of all that closes in between.
    #[inline]
    fn leave(&mut self, mut at: usize) -> Next {
        loop {
            let outer = self.open.kind;
            if outer == Outer::Object
                && let Some(next) = self.foreseen(at)
            {
                return Some(next);
            }
            let (place, byte) = match (after_space(self.bytes, at), outer) {
                ((_, None), Outer::Nothing) => {
                    self.end = Ok(());
                    return None;
                }
                ((place, Some(byte)), Outer::List | Outer::Object) => (place, byte),
                _ => return None,
            };
            match (byte, outer) {
                (b',', Outer::List) => return Some(self.element(place + 1)),
                (b',', _) => {
                    let (name, _) = more(self.bytes, place + 1)?;
                    return self.member(at, name);
                }
                (b']', Outer::List) | (b'}', Outer::Object) => {
                    at = place + 1;
                    self.close(at);
                }
                _ => return None,
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
            return None;
        }
        let plain = plain_end(self.bytes, start + 1);
        let is_escaped = self.bytes.get(plain) != Some(&b'"');
        let end = if is_escaped { escaped(self.bytes, plain)? } else { plain + 1 };
        let (colon, byte) = more(self.bytes, end)?;
        if byte != b':' {
            return None;
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
        Some(value)
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
    fn element(&mut self, at: usize) -> usize {
        self.open.holds += 1;
        self.name = NO_NAMES;
        if self.open.twin.place != NONE {
            self.twin = self.twins.element(&mut self.open.twin);
        }
        at
    }

    /// Where the value ends that begins at `start`, if it is the one that belongs to it.
    #[inline]
    fn same(&mut self, start: usize) -> Next {
        let (value, length) = self.twins.same(self.twin, self.bytes.get(start..)?)?;
        self.skipped += (value.next - self.twin) as usize - 1;
        let (end, next) = (start + length, self.values.len() as u32 + 1);
        let Value { holds, kind, .. } = *value;
        let (name, twin) = (self.name, self.twin);
        self.values.push(Value { start: start as u32, end: end as u32, next, name, holds, twin, kind });
        Some(end)
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
            self.skipped += self.values.len() - (place as usize + 1);
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
    fn keep(&mut self, kind: Kind, start: usize, end: usize) -> Option<()> {
        if self.values.len() >= self.size.values_max {
            return self.give_up();
        }
        self.twin = NONE;
        let (start, end, next) = (start as u32, end as u32, self.values.len() as u32 + 1);
        self.values.push(Value { start, end, next, name: self.name, holds: 0, twin: NONE, kind });
        Some(())
    }
}
