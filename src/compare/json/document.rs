//! A JSON text that was read: its values in a row, in the order in which they stand there.
//!
//! Borrows the text; a string is only taken out of its escapes where somebody asks. Of several members of one name the
//! last counts, as for every reader that keeps one.

use std::cmp::Ordering;

use super::{names::Names, text::Text, twins::NONE};

/// Why a text is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not JSON.
    Invalid,
    /// It is deeper, or has more values, than may be.
    TooLarge,
}

/// What reading a text gives, apart from the names, which are those of both texts of a pair.
#[derive(Debug)]
pub(crate) struct Tape<'a> {
    pub(super) text: &'a str,
    /// All values, each before what is in it. There is at least one.
    pub(super) values: Vec<Value>,
}

/// A JSON text and what is in it.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    values: &'a [Value],
    names: &'a Names<'a>,
    /// The live one, of the shadow's.
    live: Option<&'a Document<'a>>,
}

/// A value: numbers only, so that reading one is writing a few words in a row.
#[derive(Clone, Copy, Debug)]
#[repr(align(8))]
pub(super) struct Value {
    /// Where in the text it begins.
    pub(super) start: u32,
    /// Where in the text it ends.
    pub(super) end: u32,
    /// The place of the value that comes after it and all that is in it.
    pub(super) next: u32,
    /// Of a member, the sequence of names up to its own.
    pub(super) name: u32,
    /// Of a list how many elements it has, of an object the sequence of its names.
    pub(super) holds: u32,
    /// The place of the value of the live document that is the same; what is in it was not read once more.
    pub(super) twin: u32,
    pub(super) kind: Kind,
}

/// What a value is, without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    Text { is_escaped: bool },
    Array,
    Object,
}

/// What a value is.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Text<'a>),
    Array,
    Object,
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    document: &'a Document<'a>,
    value: &'a Value,
    /// Where it stands among the values.
    place: u32,
}

impl<'a> Document<'a> {
    /// What was read, with the names that were read with it, and the document that is known to be the same in parts.
    pub(crate) fn new(tape: &'a Tape<'a>, names: &'a Names<'a>, live: Option<&'a Document<'a>>) -> Self {
        Self { text: tape.text, values: &tape.values, names, live }
    }

    /// The outermost value.
    pub(super) fn root(&self) -> Option<Item<'_>> {
        self.item(0)
    }

    #[inline]
    fn item(&self, place: u32) -> Option<Item<'_>> {
        Some(Item { document: self, value: self.values.get(place as usize)?, place })
    }
}

impl<'a> Item<'a> {
    pub(super) fn content(self) -> Content<'a> {
        match self.value.kind {
            Kind::Null => Content::Null,
            Kind::Bool(value) => Content::Bool(value),
            Kind::Number => Content::Number(self.text()),
            Kind::Text { is_escaped } => Content::Text(Text { quoted: self.text(), is_escaped }),
            Kind::Array => Content::Array,
            Kind::Object => Content::Object,
        }
    }

    pub(super) fn name(self) -> &'a str {
        self.document.names.text(self.name_number())
    }

    /// The same for the same name, in both documents of a pair.
    fn name_number(self) -> u32 {
        self.document.names.last(self.value.name)
    }

    /// Its text, as it stands in the document.
    pub(super) fn text(self) -> &'a str {
        self.document.text.get(self.value.start as usize..self.value.end as usize).unwrap_or_default()
    }

    /// How many bytes of text it has.
    pub(super) fn length(self) -> u32 {
        self.value.end.saturating_sub(self.value.start)
    }

    /// Whether its text is that of another one, of the shadow's document, or it is known in another way that it is the same
    /// under all rules.
    pub(super) fn is_known_as(self, other: Self) -> bool {
        let is_twin =
            other.value.twin == self.place && other.twin().is_some_and(|twin| std::ptr::eq(twin.value, self.value));
        is_twin || (self.length() == other.length() && self.bytes() == other.bytes())
    }

    /// The value of the live document that is the same.
    fn twin(self) -> Option<Self> {
        if self.value.twin == NONE { None } else { self.document.live?.item(self.value.twin) }
    }

    /// How the names of two members are ordered.
    pub(super) fn by_name(self, other: Self) -> Ordering {
        let is_same = self.value.name == other.value.name || self.name_number() == other.name_number();
        if is_same { Ordering::Equal } else { self.name().cmp(other.name()) }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self.value.kind, Kind::Null)
    }

    pub(super) fn is_list(self) -> bool {
        self.value.kind == Kind::Array
    }

    /// How many elements or members it has.
    pub(super) fn size(self) -> usize {
        let names = self.document.names;
        match self.value.kind {
            Kind::Array => self.value.holds as usize,
            Kind::Object => names.size(self.value.holds),
            _ => 0,
        }
    }

    /// Its elements, or its members in the order of their names.
    pub(super) fn children(self) -> Children<'a> {
        if let Some(twin) = self.twin() {
            return twin.children();
        }
        match if self.value.kind == Kind::Object { self.document.names.ranks(self.value.holds) } else { None } {
            None => self.as_they_stand(),
            Some(ranks) => Children { document: self.document, way: self.ranked(ranks) },
        }
    }

    /// Its members in the order of their ranks.
    fn ranked(self, ranks: &[u32]) -> Way {
        fn fill(places: &mut [u32], ranks: &[u32], members: Children<'_>) {
            for (rank, member) in ranks.iter().zip(members) {
                if let Some(free) = places.get_mut(*rank as usize) {
                    *free = member.place;
                }
            }
        }
        let size = self.size();
        if size <= FEW {
            let mut places = [0; FEW];
            fill(&mut places, ranks, self.as_they_stand());
            return Way::Few { places, at: 0, size };
        }
        let mut places = vec![0; size];
        fill(&mut places, ranks, self.as_they_stand());
        Way::Many(places.into_iter())
    }

    /// Whether both are objects whose members have the same names.
    pub(super) fn has_names_of(self, other: Self) -> bool {
        let are_objects = self.value.kind == Kind::Object && other.value.kind == Kind::Object;
        are_objects && self.document.names.are_same(self.value.holds, other.value.holds)
    }

    /// Its elements from the last to the first.
    pub(super) fn elements_from_the_end(self) -> impl Iterator<Item = Self> {
        self.children().collect::<Vec<_>>().into_iter().rev()
    }

    /// The member of this name.
    pub(super) fn member(self, name: &str) -> Option<Self> {
        if self.value.kind != Kind::Object {
            return None;
        }
        let number = self.document.names.find(name)?;
        self.as_they_stand().filter(|member| member.name_number() == number).last()
    }

    /// Its elements or members in the order in which they stand in the text.
    fn as_they_stand(self) -> Children<'a> {
        if let Some(twin) = self.twin() {
            return twin.as_they_stand();
        }
        let left = match self.value.kind {
            Kind::Array => self.value.holds as usize,
            Kind::Object => self.document.names.length(self.value.holds),
            _ => 0,
        };
        Children { document: self.document, way: Way::AsTheyStand { next: self.place + 1, left } }
    }

    fn bytes(self) -> &'a [u8] {
        let bytes = self.document.text.as_bytes();
        bytes.get(self.value.start as usize..self.value.end as usize).unwrap_or_default()
    }
}

/// What is in a list or an object.
pub(super) struct Children<'a> {
    document: &'a Document<'a>,
    way: Way,
}

/// Up to so many members nothing is allocated.
const FEW: usize = 16;

enum Way {
    AsTheyStand { next: u32, left: usize },
    Few { places: [u32; FEW], at: usize, size: usize },
    Many(std::vec::IntoIter<u32>),
}

impl<'a> Iterator for Children<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let place = match &mut self.way {
            Way::AsTheyStand { next, left } => {
                *left = left.checked_sub(1)?;
                let item = self.document.item(*next)?;
                *next = item.value.next;
                return Some(item);
            }
            Way::Few { places, at, size } => {
                let place = *places.get(..*size)?.get(*at)?;
                *at += 1;
                place
            }
            Way::Many(places) => places.next()?,
        };
        self.document.item(place)
    }
}
