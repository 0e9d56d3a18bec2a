//! The value itself: unopened text, or the parts that somebody opened.
//!
//! Opening goes one level at a time; children are slices of the parent's bytes. Opened parts are written compactly
//! with keys in byte order, unopened ones as they came.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;

use super::{DecodeError, figure, scan::Scanner, text};

/// How many levels [`Data::open_deep`] opens at most, and so how deep opened parts nest by what came from outside.
pub const OPENED_LEVELS_MAX: usize = 128;

/// The members of an opened object, in byte order of their names, as KrakenD writes them.
pub type Object = BTreeMap<String, Data>;

/// A value: unopened JSON text, or a part that was opened to be changed.
#[derive(Clone, Debug)]
pub enum Data {
    /// The text of one JSON value, validated, without surrounding white space, never looked into.
    Raw(Bytes),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(Box<str>),
    /// A number of the file's own, finite, which Go writes in another way than one that an upstream wrote.
    Figure(f64),
    /// A string, unescaped.
    String(String),
    /// A list.
    Array(Vec<Data>),
    /// An object.
    Object(Object),
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl DataKind {
    /// Go's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl Data {
    /// The first JSON value of `bytes`, sharing them; what follows it is ignored. Bytes that are not UTF-8 cost a
    /// copy, in which they are U+FFFD.
    ///
    /// # Errors
    /// When there is no complete value, or it nests deeper than [`super::NESTING_MAX`].
    pub fn parse(bytes: &Bytes) -> Result<Self, DecodeError> {
        let (start, end) = Scanner::new(bytes).value()?;
        let value = bytes.slice(start..end);
        Ok(Self::Raw(text::repaired(&value)))
    }

    /// An object with nothing in it.
    #[must_use]
    pub fn empty_object() -> Self {
        Self::Raw(Bytes::from_static(b"{}"))
    }

    /// A new object with one member.
    #[must_use]
    pub fn wrap(name: &str, value: Self) -> Self {
        Self::Object(Object::from([(name.to_owned(), value)]))
    }

    /// What this is; looks at one byte of an unopened value.
    #[must_use]
    pub fn kind(&self) -> DataKind {
        match self {
            Self::Raw(text) => match text.first() {
                Some(b'{') => DataKind::Object,
                Some(b'[') => DataKind::Array,
                Some(b'"') => DataKind::String,
                Some(b't' | b'f') => DataKind::Bool,
                Some(b'n') | None => DataKind::Null,
                Some(_) => DataKind::Number,
            },
            Self::Null => DataKind::Null,
            Self::Bool(_) => DataKind::Bool,
            Self::Number(_) | Self::Figure(_) => DataKind::Number,
            Self::String(_) => DataKind::String,
            Self::Array(_) => DataKind::Array,
            Self::Object(_) => DataKind::Object,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == DataKind::Null
    }

    /// Whether this is an object without members; opens nothing.
    #[must_use]
    pub fn is_empty_object(&self) -> bool {
        match self {
            Self::Raw(text) => {
                let mut scanner = Scanner::new(text);
                scanner.take(b'{') && scanner.take(b'}')
            }
            Self::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    /// Opens this value if it is unopened: its children become unopened values that share its bytes. Of several
    /// members of one name the last stays.
    pub fn expand(&mut self) {
        let Self::Raw(text) = self else { return };
        *self = match text.first() {
            Some(b'{') => Self::Object(members(text).map(|(name, value)| (name.into_owned(), value)).collect()),
            Some(b'[') => Self::Array(elements(text)),
            Some(b'"') => Self::String(text::unescape(text)),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(String::from_utf8_lossy(text).into()),
        };
    }

    /// Opens this value and everything in it, [`OPENED_LEVELS_MAX`] levels deep; what is below stays unopened.
    pub fn open_deep(&mut self) {
        self.open_levels(OPENED_LEVELS_MAX);
    }

    fn open_levels(&mut self, levels: usize) {
        let Some(below) = levels.checked_sub(1) else { return };
        self.expand();
        match self {
            Self::Array(elements) => elements.iter_mut().for_each(|element| element.open_levels(below)),
            Self::Object(members) => members.values_mut().for_each(|member| member.open_levels(below)),
            _ => {}
        }
    }

    /// The members, opened, if this is an object.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        if self.kind() == DataKind::Object {
            self.expand();
        }
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, opened, if this is a list.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        if self.kind() == DataKind::Array {
            self.expand();
        }
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn into_object(mut self) -> Option<Object> {
        self.as_object_mut().map(std::mem::take)
    }

    /// The string, unescaped, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Raw(text) if self.kind() == DataKind::String => Some(text::unescape(text).into()),
            Self::String(text) => Some(text.into()),
            _ => None,
        }
    }

    /// The member of this name; opens nothing. The result shares this value's bytes.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, Self>> {
        match self {
            Self::Object(members) => members.get(name).map(Cow::Borrowed),
            Self::Raw(text) => members(text).filter(|(held, _)| held == name).last().map(|(_, data)| Cow::Owned(data)),
            _ => None,
        }
    }

    /// Appends this value as JSON text: opened parts compactly, unopened ones as they came.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Raw(text) => out.extend_from_slice(text),
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(digits) => out.extend_from_slice(digits.as_bytes()),
            Self::Figure(number) => out.extend_from_slice(figure::json(*number).as_bytes()),
            Self::String(text) => text::write_string(text, out),
            Self::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    text::write_string(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// This value as JSON text; an unopened value is handed out without a copy.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Raw(text) => text.clone(),
            opened => {
                let mut out = Vec::with_capacity(opened.length_hint());
                opened.write(&mut out);
                out.into()
            }
        }
    }

    /// About how many bytes the text of this value has, looking two levels deep at most.
    fn length_hint(&self) -> usize {
        match self {
            Self::Raw(text) => text.len(),
            Self::Object(members) => members.iter().map(|(name, value)| name.len() + 4 + value.flat_length()).sum(),
            Self::Array(elements) => elements.iter().map(|value| 1 + value.flat_length()).sum(),
            scalar => scalar.flat_length(),
        }
    }

    fn flat_length(&self) -> usize {
        match self {
            Self::Raw(text) => text.len(),
            Self::String(text) => text.len() + 2,
            _ => 8,
        }
    }
}

/// The members of a validated object's text in the order they stand there, unopened.
fn members(text: &Bytes) -> impl Iterator<Item = (Cow<'_, str>, Data)> {
    let mut scanner = Scanner::new(text);
    let mut more = scanner.take(b'{') && scanner.peek() != Some(b'}');
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let (start, end) = scanner.key().ok()?;
        let name = text::meaning(text.get(start..end)?);
        scanner.take(b':');
        let (start, end) = scanner.value().ok()?;
        more = scanner.take(b',');
        Some((name, Data::Raw(text.slice(start..end))))
    })
}

/// The elements of a validated list's text, unopened.
fn elements(text: &Bytes) -> Vec<Data> {
    let mut scanner = Scanner::new(text);
    let mut more = scanner.take(b'[') && scanner.peek() != Some(b']');
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let (start, end) = scanner.value().ok()?;
        more = scanner.take(b',');
        Some(Data::Raw(text.slice(start..end)))
    })
    .collect()
}
