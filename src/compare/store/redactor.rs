//! What of traffic may be kept, by the file's `store.values`.
//!
//! `redacted` (the default) replaces what its name tells to be secret ([`super::names`]) and what looks it
//! ([`super::looks`]); bytes, which nobody can look into, and lists and objects of which a part is missing are replaced
//! too. `shape` replaces every value; `raw` none. Whatever is kept is bounded.

use std::{borrow::Cow, fmt};

use crate::{
    compare::{Difference, Excerpt, ValueKind},
    config::shadow::{Store, StoredValues},
};

use super::{LengthClass, Mark, MarkKey, StoredDifference, StoredValue, looks, names::SecretNames, place::Place};

/// So many bytes at the end of a text that was cut are not shown: a secret may begin there that can't be told yet.
const UNSETTLED_BYTES: usize = 48;

/// Decides what may be kept, and replaces the rest.
pub struct Redactor {
    values: StoredValues,
    pub(super) names: SecretNames,
    key: MarkKey,
}

impl Redactor {
    /// As the file says. Redactors with the same key give equal values equal marks.
    #[must_use]
    pub fn new(store: &Store, key: MarkKey) -> Self {
        Self { values: store.values, names: SecretNames::new(store.redact.iter().map(String::as_str)), key }
    }

    /// With more names whose values are secret, such as the credential headers and parameters of a policy.
    #[must_use]
    pub fn also_named<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.names.extend(names);
        self
    }

    /// A path to a field as it may be shown, at most 512 bytes long: names that look like secrets are
    /// `{redacted:0123456789abcdef}`.
    #[must_use]
    pub fn redact_path(&self, path: &str) -> String {
        self.place(path).shown.into()
    }

    /// What a field is called by whoever may not see its path: the same as long as the process runs.
    #[must_use]
    pub fn field_id(&self, path: &str) -> String {
        self.key.mark(&[b"field", path.as_bytes()]).to_string()
    }

    /// The value at a path as it may be kept.
    #[must_use]
    pub fn redact_value(&self, path: &str, excerpt: &Excerpt) -> StoredValue {
        self.value(&self.place(path), excerpt)
    }

    /// A difference as it may be kept. The pattern may have dropped a name that tells a secret, so both paths count.
    #[must_use]
    pub(super) fn difference(&self, difference: &Difference) -> StoredDifference {
        let (pattern, mut at) = (self.place(&difference.path), self.place(&difference.at));
        at.is_secret |= pattern.is_secret;
        at.is_address |= pattern.is_address;
        StoredDifference {
            live: difference.live.as_ref().map(|value| self.value(&at, value)),
            shadow: difference.shadow.as_ref().map(|value| self.value(&at, value)),
            path: pattern.shown,
            at: at.shown,
            kind: difference.kind,
        }
    }

    pub(super) fn mark(&self, content: &[u8]) -> Mark {
        self.key.mark(&[b"whole", content])
    }

    /// What stands in a path in place of this.
    pub(super) fn inline(&self, content: &str) -> String {
        format!("{{redacted:{}}}", self.mark(content.as_bytes()))
    }

    pub(super) fn shows_all(&self) -> bool {
        self.values == StoredValues::Raw
    }

    pub(super) fn hides_all(&self) -> bool {
        self.values == StoredValues::Shape
    }

    /// Whether a text looks like a secret, or names one and so holds it.
    pub(super) fn looks_secret(&self, text: &str) -> bool {
        if looks::is_secret(text) || self.names.stand_in(text) {
            return true;
        }
        text.contains('%') && self.names.stand_in(&percent_encoding::percent_decode_str(text).decode_utf8_lossy())
    }

    fn value(&self, place: &Place, excerpt: &Excerpt) -> StoredValue {
        let is_shown = |is_shown: bool| if is_shown { self.shown(excerpt) } else { self.hidden(excerpt) };
        match self.values {
            StoredValues::Raw => self.shown(excerpt),
            StoredValues::Shape => self.hidden(excerpt),
            StoredValues::Redacted if place.is_secret => self.hidden(excerpt),
            StoredValues::Redacted => match excerpt.kind {
                ValueKind::Null | ValueKind::Bool => is_shown(matches!(&*excerpt.text, "null" | "true" | "false")),
                ValueKind::Number => is_shown(is_number(&excerpt.text) && !looks::is_secret(&excerpt.text)),
                ValueKind::String | ValueKind::Text => self.text(place, excerpt),
                ValueKind::Array | ValueKind::Object => self.container(excerpt),
                ValueKind::Bytes => self.hidden(excerpt),
            },
        }
    }

    fn shown(&self, excerpt: &Excerpt) -> StoredValue {
        StoredValue::shown(excerpt.kind, &excerpt.text, excerpt.bytes, is_cut(excerpt))
    }

    /// The mark of a scalar is that of its content, so that the same token is recognised as text, as a number and in a
    /// path; what can't be seen whole, and what may be written in several ways, is known by the comparison's hash.
    pub(super) fn hidden(&self, excerpt: &Excerpt) -> StoredValue {
        let is_container = matches!(excerpt.kind, ValueKind::Array | ValueKind::Object);
        let mark = match content(excerpt) {
            Some(content) if !is_container && !is_cut(excerpt) => self.mark(content.as_bytes()),
            _ => self.key.mark(&[b"hash", &excerpt.hash.to_be_bytes()]),
        };
        StoredValue::Hidden { kind: excerpt.kind, length: LengthClass::of(excerpt.bytes), mark }
    }

    fn text(&self, place: &Place, excerpt: &Excerpt) -> StoredValue {
        let Some(content) = content(excerpt) else { return self.hidden(excerpt) };
        let is_cut = is_cut(excerpt);
        let target = if place.is_address && !is_cut { Some(self.redact_target(&content)) } else { None };
        if let Some(target) = target.or_else(|| if is_cut { None } else { self.address(&content) }) {
            // Parts were looked at one by one; together they may still look like something.
            return if looks::is_secret(&target) {
                self.hidden(excerpt)
            } else {
                StoredValue::shown(excerpt.kind, &written(excerpt.kind, &target), excerpt.bytes, false)
            };
        }
        if self.looks_secret(&content) {
            return self.hidden(excerpt);
        }
        let shown = if is_cut { settled(&excerpt.text) } else { &excerpt.text };
        StoredValue::shown(excerpt.kind, shown, excerpt.bytes, is_cut)
    }

    /// A text that is nothing but the address of a page, as it may be shown.
    pub(super) fn address(&self, text: &str) -> Option<String> {
        let is_address = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
            && !text.contains(|letter: char| letter.is_whitespace());
        is_address.then(|| self.redact_target(text))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({:?}, {} names)", self.values, self.names.len())
    }
}

/// Whether the text is not all of the value. A JSON string that is whole ends with its quote.
fn is_cut(excerpt: &Excerpt) -> bool {
    match excerpt.kind {
        ValueKind::String => serde_json::from_str::<&serde_json::value::RawValue>(&excerpt.text).is_err(),
        _ => excerpt.bytes > excerpt.text.len(),
    }
}

/// What a text says, out of its quotes and escapes, as far as it is there.
fn content(excerpt: &Excerpt) -> Option<Cow<'_, str>> {
    if excerpt.kind != ValueKind::String {
        return Some(Cow::Borrowed(&excerpt.text));
    }
    serde_json::from_str::<String>(&excerpt.text).ok().or_else(|| unclosed(&excerpt.text)).map(Cow::Owned)
}

/// What a JSON string says that broke off, perhaps within an escape.
fn unclosed(text: &str) -> Option<String> {
    let whole_escapes = |end: &usize| {
        let (kept, _) = text.split_at_checked(*end)?;
        serde_json::from_str::<String>(&format!("{kept}\"")).ok()
    };
    // Two escapes of six bytes may belong together.
    (0..=12).filter_map(|left_out| text.len().checked_sub(left_out)).find_map(|end| whole_escapes(&end))
}

/// The beginning of a text that was cut, up to where its last words begin.
fn settled(text: &str) -> &str {
    let kept = super::value::beginning(text, text.len().saturating_sub(UNSETTLED_BYTES));
    let is_of_word = |letter: char| letter.is_alphanumeric() || "_-+/=.@%~\\".contains(letter);
    kept.trim_end_matches(is_of_word)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'))
}

/// A text in the way of its kind.
fn written(kind: ValueKind, text: &str) -> String {
    if kind == ValueKind::String { serde_json::Value::from(text).to_string() } else { text.to_owned() }
}
