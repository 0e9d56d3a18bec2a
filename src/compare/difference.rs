//! One difference between two answers.

use serde::Serialize;

/// The longest piece of a value that a difference carries, in bytes of UTF-8.
pub const EXCERPT_BYTES_MAX: usize = 512;

/// A place where two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place with `[*]` for every index, by which differences are counted: `$.items[*].price`, `status`,
    /// `header:content-type`, `body`.
    pub path: Box<str>,
    /// The very place: `$.items[3].price`.
    pub at: Box<str>,
    /// In which way.
    pub kind: DifferenceKind,
    /// What the live side has there, if anything.
    pub live: Option<Excerpt>,
    /// What the shadow has there, if anything.
    pub shadow: Option<Excerpt>,
}

/// In which way two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// In the status.
    Status,
    /// In a header.
    Header,
    /// The shadow lacks it.
    Missing,
    /// Only the shadow has it.
    Extra,
    /// Text for a number, an object for a list.
    Type,
    /// Of the same type, and not the same.
    Value,
    /// Lists of different lengths.
    Size,
    /// The same elements in another order.
    Order,
}

impl DifferenceKind {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Status, Self::Header, Self::Missing, Self::Extra, Self::Type, Self::Value, Self::Size, Self::Order];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Header => "header",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Type => "type",
            Self::Value => "value",
            Self::Size => "size",
            Self::Order => "order",
        }
    }
}

/// A value of traffic, or the beginning of it. Not redacted yet: it must not leave the comparison as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What it is.
    pub kind: ValueKind,
    /// Its text, JSON where it is JSON; the first [`EXCERPT_BYTES_MAX`] bytes of it, cut at a character.
    pub text: Box<str>,
    /// How long the whole is, in bytes.
    pub bytes: usize,
    /// A hash of the whole: equal values have equal ones.
    pub hash: u64,
}

impl std::fmt::Debug for Excerpt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Excerpt({:?}, {} bytes, {:x})", self.kind, self.bytes, self.hash)
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// JSON's `null`.
    Null,
    /// JSON's `true` or `false`.
    Bool,
    /// A JSON number, or a status.
    Number,
    /// A JSON string.
    String,
    /// A JSON list.
    Array,
    /// A JSON object.
    Object,
    /// Text that is no JSON, or the value of a header.
    Text,
    /// Bytes, shown in hexadecimal digits.
    Bytes,
}
