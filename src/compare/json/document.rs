//! A JSON text that was read: its values in a row, in the order in which they stand there.
//!
//! Borrows the text; a string is only taken out of its escapes where somebody asks. Of several members of one name the
//! last counts, as for every reader that keeps one.

use std::cmp::Ordering;

use super::text::Text;

/// How deep lists and objects may nest in a body that is compared.
pub(crate) const DEPTH_MAX: usize = 64;

/// How many values a body that is compared may have, lists and objects included.
pub(crate) const VALUES_MAX: usize = 20_000;

/// Why a text is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not JSON.
    Invalid,
    /// It is deeper than [`DEPTH_MAX`] or has more than [`VALUES_MAX`] values.
    TooLarge,
}

/// A JSON text and what is in it.
pub(crate) struct Document<'a> {
    pub(super) text: &'a str,
    /// All values, each before what is in it. There is at least one.
    pub(super) values: Vec<Value>,
    /// The places in `values` of what lists and objects hold; members in the order of their names, each name once.
    pub(super) children: Vec<u32>,
    /// The names that have escapes, without them.
    pub(super) unescaped: Vec<String>,
}

/// A value: numbers only, so that reading one is writing a few words in a row.
pub(super) struct Value {
    pub(super) name: Name,
    /// Where in the text it begins.
    pub(super) start: u32,
    /// Where in the text it ends.
    pub(super) end: u32,
    /// What a list or an object holds.
    pub(super) children: Children,
    pub(super) kind: Kind,
}

/// What a value is called, in an object.
#[derive(Clone, Copy, Default)]
pub(super) struct Name {
    /// The first eight bytes as a number, which orders most names without looking at them.
    pub(super) order: u64,
    /// Where in the text it begins, or in which place among the unescaped it is.
    pub(super) start: u32,
    /// How many bytes it has.
    pub(super) length: u32,
    pub(super) is_unescaped: bool,
}

/// What a value is, without what is in it.
#[derive(Clone, Copy)]
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

/// A part of [`Document::children`].
#[derive(Clone, Copy, Default)]
pub(super) struct Children {
    pub(super) start: u32,
    pub(super) count: u32,
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    document: &'a Document<'a>,
    value: &'a Value,
}

impl Document<'_> {
    /// The outermost value.
    pub(super) fn root(&self) -> Option<Item<'_>> {
        Some(Item { document: self, value: self.values.first()? })
    }

    /// A name as it is meant.
    pub(super) fn name(&self, name: Name) -> &str {
        let start = name.start as usize;
        if name.is_unescaped {
            return self.unescaped.get(start).map(String::as_str).unwrap_or_default();
        }
        self.text.get(start..start + name.length as usize).unwrap_or_default()
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
        self.document.name(self.value.name)
    }

    /// Its text, as it stands in the document.
    pub(super) fn text(self) -> &'a str {
        self.document.text.get(self.value.start as usize..self.value.end as usize).unwrap_or_default()
    }

    /// How many bytes of text it has.
    pub(super) fn length(self) -> u32 {
        self.value.end.saturating_sub(self.value.start)
    }

    /// Whether its text is that of another.
    pub(super) fn has_text_of(self, other: Self) -> bool {
        self.length() == other.length() && self.bytes() == other.bytes()
    }

    /// How the names of two members are ordered.
    pub(super) fn by_name(self, other: Self) -> Ordering {
        let (one, another) = (self.value.name, other.value.name);
        one.cmp_by(another, || self.name().cmp(other.name()))
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self.value.kind, Kind::Null)
    }

    /// How many elements or members it has.
    pub(super) fn size(self) -> usize {
        self.value.children.count as usize
    }

    /// Its elements, or its members in the order of their names.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        let span = self.value.children;
        let (start, end) = (span.start as usize, span.start as usize + span.count as usize);
        let places = self.document.children.get(start..end).unwrap_or_default();
        places.iter().map(move |place| self.beside(*place))
    }

    /// The member of this name.
    pub(super) fn member(self, name: &str) -> Option<Self> {
        matches!(self.value.kind, Kind::Object).then_some(())?;
        self.children().find(|member| member.name() == name)
    }

    fn bytes(self) -> &'a [u8] {
        let bytes = self.document.text.as_bytes();
        bytes.get(self.value.start as usize..self.value.end as usize).unwrap_or_default()
    }

    /// Another value of the same document; the reader only writes places that are there.
    fn beside(self, place: u32) -> Self {
        Self { document: self.document, value: self.document.values.get(place as usize).unwrap_or(self.value) }
    }
}

impl Name {
    /// How two names are ordered, by their bytes; `rest` compares all of them.
    pub(super) fn cmp_by(self, other: Self, rest: impl FnOnce() -> Ordering) -> Ordering {
        match self.order.cmp(&other.order) {
            Ordering::Equal if self.length == other.length && self.length <= 8 => Ordering::Equal,
            Ordering::Equal => rest(),
            order => order,
        }
    }
}

/// The first eight bytes of a name as a number, so that the order of these numbers is never against that of the names. The
/// name is the first `length` bytes; what follows them is of no matter.
pub(super) fn order(bytes: &[u8], length: usize) -> u64 {
    let first = bytes.first_chunk::<8>().map_or_else(
        || {
            let mut first = [0; 8];
            first.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
            u64::from_be_bytes(first)
        },
        |chunk| u64::from_be_bytes(*chunk),
    );
    let beyond = 8_u32.saturating_sub(u32::try_from(length).unwrap_or(u32::MAX)) * 8;
    first & u64::MAX.checked_shl(beyond).unwrap_or_default()
}
