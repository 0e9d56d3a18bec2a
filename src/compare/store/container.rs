//! Lists and objects: shown member by member where all of them is there, else as no more than what they are.
//!
//! An excerpt that was cut is broken JSON, of which nobody can say where its secrets end; so it is replaced whole.

use bytes::Bytes;

use crate::{
    compare::{Excerpt, difference::EXCERPT_BYTES_MAX},
    model::{Data, data::Object},
};

use super::{LengthClass, Redactor, StoredValue};

/// The longest text that may be nothing but the name of something, in bytes.
const NAMED_BYTES_MAX: usize = 32;

impl Redactor {
    /// A list or an object whose own name tells no secret.
    pub(super) fn container(&self, excerpt: &Excerpt) -> StoredValue {
        let text = Bytes::copy_from_slice(excerpt.text.as_bytes());
        // A list or an object that was cut has no end, so what can be read is all of it.
        let read = Data::parse(&text).ok().filter(|data| data.to_bytes().len() == text.len());
        let Some(mut data) = read.filter(|_| text.len() <= EXCERPT_BYTES_MAX) else { return self.hidden(excerpt) };
        data.open_deep();
        let shown = self.part(data, false).to_bytes();
        StoredValue::shown(excerpt.kind, &String::from_utf8_lossy(&shown), excerpt.bytes, false)
    }

    fn part(&self, data: Data, is_secret: bool) -> Data {
        match data {
            Data::Object(members) => Data::Object(self.members(members, is_secret)),
            Data::Array(elements) => {
                Data::Array(elements.into_iter().map(|element| self.part(element, is_secret)).collect())
            }
            Data::String(text) if is_secret || self.looks_secret(&text) => self.replaced("string", &text),
            Data::String(text) => Data::String(self.address(&text).unwrap_or(text)),
            Data::Number(digits) if is_secret || self.looks_secret(&digits) => self.replaced("number", &digits),
            Data::Null if is_secret => self.replaced("null", "null"),
            Data::Bool(value) if is_secret => self.replaced("bool", if value { "true" } else { "false" }),
            // Too deep to be opened.
            Data::Raw(text) => self.replaced("json", &String::from_utf8_lossy(&text)),
            shown => shown,
        }
    }

    fn members(&self, members: Object, is_secret: bool) -> Object {
        // `{"name": "password", "value": …}`: what a member says is the name of its neighbour.
        let names = |data: &Data| data.as_text().is_some_and(|text| self.is_name_of_secret(&text));
        let is_secret = is_secret || members.values().any(names);
        let part = |(name, value): (String, Data)| {
            let is_secret = is_secret || self.names.tell(&name);
            (self.name(&name), self.part(value, is_secret))
        };
        members.into_iter().map(part).collect()
    }

    fn is_name_of_secret(&self, text: &str) -> bool {
        let is_of_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        text.len() <= NAMED_BYTES_MAX && text.chars().all(is_of_name) && self.names.tell(text)
    }

    /// `{redacted string 9-16 0123456789abcdef}`.
    fn replaced(&self, what: &str, text: &str) -> Data {
        let length = LengthClass::of(text.len());
        Data::String(format!("{{redacted {what} {length} {}}}", self.mark(text.as_bytes())))
    }
}
