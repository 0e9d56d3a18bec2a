//! The directives of a `Cache-Control` header, as the original reads them: the first header only.

use std::time::Duration;

use http::{HeaderName, header::CACHE_CONTROL};

use crate::{config::duration::Nanoseconds, model::Headers};

/// The directives, name and value; the value is empty where there is none.
#[derive(Debug)]
pub(super) struct Control<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Control<'a> {
    /// Reads them from a message's headers.
    pub(super) fn of(headers: &'a Headers) -> Self {
        let text = headers.get(&CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let pair = |part: &'a str| match part.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim_matches([' ', ','])),
            None => (part, ""),
        };
        Self(parts.map(pair).collect())
    }

    /// The value of a directive, if it is there; the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(held, _)| *held == name).map(|(_, value)| *value)
    }

    /// Whether a directive is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// A number of seconds; `None` if it is none.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    Nanoseconds::parse(&format!("{text}s")).map(Nanoseconds::clamped)
}

/// The names in a header of names between commas, such as `Vary`.
pub(super) fn names(headers: &Headers, header: &HeaderName) -> Vec<HeaderName> {
    let lines = headers.get_all(header).filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}
