//! An element of a feed, and what both kinds of feed make of elements.

use crate::{
    encoding::xml::{Names, TEXT, first_element},
    model::{Data, DecodeError, data::Object},
};

use super::{atom, date, json, rss};

/// The feed in a body.
///
/// # Errors
/// When the body is neither well-formed XML nor JSON, or no feed.
pub(in crate::encoding) fn decode(body: &[u8]) -> Result<Data, DecodeError> {
    let unknown = || DecodeError::new("Failed to detect feed type");
    match body.trim_ascii_start().first() {
        Some(b'<') => {}
        Some(b'{') => return json::feed(body).map(Data::Object),
        _ => return Err(unknown()),
    }
    let (name, data) = first_element(body, Names::Qualified)?;
    let root = Element(&data);
    match name.to_ascii_lowercase().as_str() {
        "rss" | "rdf:rdf" => Ok(Data::Object(rss::feed(root))),
        "feed" => Ok(Data::Object(atom::feed(root))),
        _ => Err(unknown()),
    }
}

/// A piece of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a>(&'a Data);

impl<'a> Element<'a> {
    /// Its children of this name, whatever their case.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Self> {
        let members = match self.0 {
            Data::Object(members) => Some(members),
            _ => None,
        };
        let held = members.and_then(|members| members.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)));
        let elements = match held {
            Some((_, Data::Array(elements))) => elements.as_slice(),
            Some((_, element)) => std::slice::from_ref(element),
            None => &[],
        };
        elements.iter().map(Self)
    }

    pub(super) fn first(self, name: &str) -> Option<Self> {
        self.all(name).next()
    }

    /// Its own text.
    pub(super) fn text(self) -> &'a str {
        match self.0 {
            Data::String(text) => text,
            Data::Object(members) => match members.get(TEXT) {
                Some(Data::String(text)) => text,
                _ => "",
            },
            _ => "",
        }
    }

    /// The value of an attribute; empty if it has none of that name.
    pub(super) fn attribute(self, name: &str) -> &'a str {
        self.first(&format!("-{name}")).map(Self::text).unwrap_or_default()
    }

    /// The first text among the children of these names.
    pub(super) fn text_of(self, names: &[&str]) -> &'a str {
        let mut texts = names.iter().flat_map(|name| self.all(name)).map(Self::text);
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// Members under construction, in which empty values are left out.
#[derive(Debug, Default)]
pub(super) struct Fields(Object);

impl Fields {
    /// A text, unless it is empty.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), string(text));
        }
    }

    /// A date as it was written and, under `<name>Parsed`, as one that can be compared.
    pub(super) fn date(&mut self, name: &str, text: &str) {
        self.text(name, text);
        self.text(&format!("{name}Parsed"), &date::normalized(text).unwrap_or_default());
    }

    /// A list, unless it is empty.
    pub(super) fn list(&mut self, name: &str, elements: Vec<Data>) {
        if !elements.is_empty() {
            self.0.insert(name.to_owned(), Data::Array(elements));
        }
    }

    /// An image, unless there is none.
    pub(super) fn image(&mut self, url: &str) {
        if !url.is_empty() {
            self.0.insert("image".to_owned(), Data::wrap("url", string(url)));
        }
    }

    /// People, and the first of them apart.
    pub(super) fn people(&mut self, people: Vec<Data>) {
        self.0.extend(people.first().map(|first| ("author".to_owned(), first.clone())));
        self.list("authors", people);
    }

    /// A file that belongs to an item.
    pub(super) fn enclosure(url: &str, length: &str, kind: &str) -> Data {
        let mut fields = Self::default();
        fields.text("url", url);
        fields.text("length", length);
        fields.text("type", kind);
        fields.into_data()
    }

    pub(super) fn into_data(self) -> Data {
        Data::Object(self.0)
    }
}

pub(super) fn string(text: &str) -> Data {
    Data::String(text.to_owned())
}

/// A list, or null if there is nothing in it.
pub(super) fn list_or_null(elements: Vec<Data>) -> Data {
    if elements.is_empty() { Data::Null } else { Data::Array(elements) }
}

pub(super) fn person(name: &str, email: &str) -> Data {
    let mut fields = Fields::default();
    fields.text("name", name);
    fields.text("email", email);
    fields.into_data()
}
