//! A JSON text that was read: its values in a row, in the order in which they stand there.
//!
//! Borrows the text; a string is only taken out of its escapes where somebody asks. Of several members of one name the
//! last counts, as for every reader that keeps one.

use std::borrow::Cow;

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
    pub(super) values: Vec<Value<'a>>,
    /// The places in `values` of what lists and objects hold; members in the order of their names, each name once.
    pub(super) children: Vec<u32>,
}

/// A value.
pub(super) struct Value<'a> {
    /// What it is called, in an object.
    pub(super) name: Cow<'a, str>,
    /// The first eight bytes of the name as a number, which orders most names without looking at them.
    pub(super) order: u64,
    pub(super) content: Content<'a>,
    /// Where in the text it begins.
    pub(super) start: u32,
    /// Where in the text it ends.
    pub(super) end: u32,
}

/// What a value is.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Text<'a>),
    Array(Children),
    Object(Children),
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
    value: &'a Value<'a>,
}

impl Document<'_> {
    /// The outermost value.
    pub(super) fn root(&self) -> Option<Item<'_>> {
        Some(Item { document: self, value: self.values.first()? })
    }
}

impl<'a> Item<'a> {
    pub(super) fn content(self) -> Content<'a> {
        self.value.content
    }

    pub(super) fn name(self) -> &'a str {
        &self.value.name
    }

    /// Its text, as it stands in the document.
    pub(super) fn text(self) -> &'a str {
        self.document.text.get(self.value.start as usize..self.value.end as usize).unwrap_or_default()
    }

    /// How the names of two members are ordered.
    pub(super) fn by_name(self, other: Self) -> std::cmp::Ordering {
        self.value.by_name(other.value)
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self.value.content, Content::Null)
    }

    /// How many elements or members it has.
    pub(super) fn size(self) -> usize {
        self.span().count as usize
    }

    /// Its elements, or its members in the order of their names.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        let span = self.span();
        let (start, end) = (span.start as usize, span.start as usize + span.count as usize);
        let places = self.document.children.get(start..end).unwrap_or_default();
        places.iter().map(move |place| self.beside(*place))
    }

    /// The member of this name.
    pub(super) fn member(self, name: &str) -> Option<Self> {
        matches!(self.value.content, Content::Object(_)).then_some(())?;
        self.children().find(|member| member.name() == name)
    }

    fn span(self) -> Children {
        match self.value.content {
            Content::Array(span) | Content::Object(span) => span,
            _ => Children::default(),
        }
    }

    /// Another value of the same document; the reader only writes places that are there.
    fn beside(self, place: u32) -> Self {
        Self { document: self.document, value: self.document.values.get(place as usize).unwrap_or(self.value) }
    }
}

impl Value<'_> {
    /// How two names are ordered: by their bytes.
    pub(super) fn by_name(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order).then_with(|| self.name.as_bytes().cmp(other.name.as_bytes()))
    }
}

/// The first eight bytes of a name, so that the order of these numbers is never against that of the names.
pub(super) fn order(name: &str) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
    u64::from_be_bytes(first)
}
