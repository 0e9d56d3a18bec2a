//! A JSON string, still in its escapes.

use std::borrow::Cow;

use crate::model::data::meaning;

/// A string as it stands in a document. Lone halves of surrogate pairs mean U+FFFD, as in every decoded answer.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// With its quotes.
    pub(super) quoted: &'a str,
    pub(super) is_escaped: bool,
}

impl<'a> Text<'a> {
    /// What it means.
    pub(super) fn meaning(self) -> Cow<'a, str> {
        match self.plain() {
            Some(plain) => plain.into(),
            None => meaning(self.quoted.as_bytes()),
        }
    }

    pub(super) fn is_same(self, other: Self) -> bool {
        self.quoted == other.quoted || ((self.is_escaped || other.is_escaped) && self.meaning() == other.meaning())
    }

    fn plain(self) -> Option<&'a str> {
        let inner = self.quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.filter(|_| !self.is_escaped)
    }
}
