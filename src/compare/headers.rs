//! Comparing headers: those that are named, or all but those that never say anything.
//!
//! Several values of one header are the same as one with commas between. Of Content-Type, case and white space around
//! semicolons don't matter; of Set-Cookie only the names of the cookies do, in any order, and only they are shown.

use http::{
    HeaderName,
    header::{CONTENT_TYPE, SET_COOKIE},
};

use crate::{
    config::shadow::{HeaderRules, IGNORED_HEADERS},
    model::Headers,
};

use super::{DifferenceKind, Excerpt, findings::Findings};

/// More headers than this on one side are not compared; no server of ours accepts as many.
const NAMES_MAX: usize = 1000;

/// The rules, prepared.
#[derive(Debug)]
pub(super) struct HeaderPlan {
    named: Option<Vec<HeaderName>>,
    ignored: Vec<HeaderName>,
}

impl HeaderPlan {
    pub(super) fn new(rules: &HeaderRules) -> Self {
        Self { named: rules.named.clone(), ignored: rules.ignored.clone() }
    }

    /// Compares headers; the difference of one that the file ignores is counted as ignored.
    pub(super) fn compare(&self, live: &Headers, shadow: &Headers, findings: &mut Findings<'_>) {
        match &self.named {
            Some(named) => named.iter().for_each(|name| self.one(name, live, shadow, findings)),
            None => names(live, shadow).into_iter().for_each(|name| self.one(name, live, shadow, findings)),
        }
    }

    fn one(&self, name: &HeaderName, live: &Headers, shadow: &Headers, findings: &mut Findings<'_>) {
        let [mine, theirs] = [live, shadow].map(|headers| value(name, headers));
        if mine == theirs {
            return;
        }
        if self.ignored.contains(name) {
            return findings.ignore();
        }
        let field = findings.names.header(name.as_str());
        let [live, shadow] = [mine, theirs].map(|value| value.map(|value| Excerpt::of_text(&value)));
        findings.add(field, &format!("header:{name}"), DifferenceKind::Header, (live, shadow));
    }
}

/// The names on either side that are worth comparing, each once, in order.
fn names<'a>(live: &'a Headers, shadow: &'a Headers) -> Vec<&'a HeaderName> {
    let of = |headers: &'a Headers| headers.iter().take(NAMES_MAX).map(|(name, _)| name);
    let mut names: Vec<_> =
        of(live).chain(of(shadow)).filter(|name| !IGNORED_HEADERS.contains(&name.as_str())).collect();
    names.sort_unstable_by_key(|name| name.as_str());
    names.dedup();
    names
}

/// What counts of a header; `None` if it is not there.
fn value(name: &HeaderName, headers: &Headers) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = headers.get_all(name).map(http::HeaderValue::as_bytes).collect();
    if values.is_empty() {
        return None;
    }
    if name == SET_COOKIE {
        let name =
            |cookie: &'_ [u8]| cookie.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii().to_vec();
        let mut names: Vec<Vec<u8>> = values.into_iter().map(name).collect();
        names.sort_unstable();
        return Some(names.join(&b", "[..]));
    }
    let joined = values.join(&b", "[..]);
    if name != CONTENT_TYPE {
        return Some(joined);
    }
    let parts = joined.split(|byte| *byte == b';').map(|part| part.trim_ascii().to_ascii_lowercase());
    Some(parts.collect::<Vec<_>>().join(&b"; "[..]))
}
