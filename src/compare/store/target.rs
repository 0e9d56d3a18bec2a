//! Addresses: a path with a query, as a client asked for it, as a header names it or as a value holds it.
//!
//! Replaced are values of parameters whose name tells a secret or that look like one, segments of the path that look
//! like one, and the segment after one whose name tells a secret: `/reset-password/…`.

use percent_encoding::percent_decode_str;

use super::{Redactor, place::printable, value::beginning};

/// The longest address that is kept, in bytes.
pub(super) const TARGET_BYTES_MAX: usize = 1_024;

/// Parameters that mostly mean something else, but a one-time code of OAuth or a key of an API where a query has them.
const ALSO_IN_QUERIES: [&str; 4] = ["code", "key", "state", "nonce"];

/// What stands between the parts of a path, which may have parameters of their own.
const IN_PATHS: [char; 2] = ['/', ';'];

/// What stands between the parts of a query. A fragment may be one too: OAuth gives tokens so.
const IN_QUERIES: [char; 3] = ['?', '&', '#'];

impl Redactor {
    /// An address as it may be shown, at most 1,024 bytes long.
    #[must_use]
    pub fn redact_target(&self, target: &str) -> String {
        let begun = beginning(target, TARGET_BYTES_MAX);
        let is_cut = begun.len() < target.len();
        let mut shown = if self.shows_all() {
            printable(begun)
        } else {
            printable(&self.parts(if is_cut { whole_parts(begun) } else { begun }))
        };
        if is_cut || shown.len() > TARGET_BYTES_MAX {
            shown.truncate(beginning(&shown, TARGET_BYTES_MAX - '…'.len_utf8()).len());
            shown.push('…');
        }
        shown
    }

    fn parts(&self, target: &str) -> String {
        let (path, query) = split(target);
        let mut shown = String::with_capacity(target.len());
        let mut is_after_secret = false;
        for (part, end) in pieces(path, &IN_PATHS) {
            shown.push_str(&self.segment(part, is_after_secret));
            is_after_secret = end == Some('/') && self.names.tell(&decoded(part));
            shown.extend(end);
        }
        for (part, end) in pieces(query, &IN_QUERIES) {
            match part.split_once('=') {
                Some((name, value)) => shown.push_str(&self.parameter(name, value, &ALSO_IN_QUERIES)),
                None => shown.push_str(&self.segment(part, false)),
            }
            shown.extend(end);
        }
        shown
    }

    fn segment(&self, part: &str, is_after_secret: bool) -> String {
        let is_shown = part.is_empty() || matches!(part, "http:" | "https:");
        if !is_shown && (is_after_secret || self.hides_all()) {
            return self.inline(&decoded(part));
        }
        match part.split_once('=') {
            Some((name, value)) => self.parameter(name, value, &[]),
            None if !is_shown && self.looks_secret(part) => self.inline(&decoded(part)),
            None => part.to_owned(),
        }
    }

    fn parameter(&self, name: &str, value: &str, also: &[&str]) -> String {
        let (plain, meant) = (decoded(name), decoded(value));
        let is_secret = self.hides_all()
            || self.names.tell(&plain)
            || also.iter().any(|other| other.eq_ignore_ascii_case(&plain))
            || self.looks_secret(&meant);
        let name = if self.name(&plain) == plain { name.to_owned() } else { self.inline(&plain) };
        if is_secret && !value.is_empty() {
            format!("{name}={}", self.inline(&meant))
        } else {
            format!("{name}={value}")
        }
    }
}

/// The path, and the query or the fragment with what begins it.
fn split(target: &str) -> (&str, &str) {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    target.split_at_checked(end).unwrap_or((target, ""))
}

/// The parts of a path or of a query, each with what ends it.
fn pieces<'a>(text: &'a str, separators: &'a [char]) -> impl Iterator<Item = (&'a str, Option<char>)> {
    text.split_inclusive(separators).map(|piece| {
        let end = piece.chars().next_back().filter(|end| separators.contains(end));
        (end.and_then(|end| piece.strip_suffix(end)).unwrap_or(piece), end)
    })
}

/// An address that was cut without its last part, which may be the beginning of a secret that can't be told yet.
fn whole_parts(target: &str) -> &str {
    let end = if split(target).1.is_empty() { target.rfind(IN_PATHS) } else { target.rfind(IN_QUERIES) };
    end.and_then(|end| target.split_at_checked(end)).map_or("", |(whole, _)| whole)
}

/// What an escaped part says, so that it has the same mark as elsewhere.
fn decoded(part: &str) -> String {
    percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned()
}
