//! Modifiers acting on an answer before its status is judged and its body decoded.

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST, RANGE, SET_COOKIE, TRANSFER_ENCODING,
    },
};

use crate::model::{Failure, Outbound, WireAnswer};

use super::{
    modifier::{Act, Condition, Modifier},
    request::{all, failure, is_cookie, value},
    url,
};

/// An answer while it is modified, with the request it answers.
#[derive(Debug)]
pub(super) struct Answering<'a> {
    pub(super) asked: &'a Outbound,
    pub(super) answer: WireAnswer,
}

impl Modifier {
    /// Acts on an answer, if it does at all.
    ///
    /// # Errors
    /// When it ends the call.
    pub(super) fn on_response(&self, answering: &mut Answering<'_>) -> Result<(), Failure> {
        if !self.on_response {
            return Ok(());
        }
        let headers = &mut answering.answer.headers;
        match &self.act {
            Act::SetHeader(name, value) => headers.insert(name.clone(), value.clone()),
            Act::AppendHeader(name, value) => headers.append(name.clone(), value.clone()),
            Act::CopyHeader { from, to } => {
                let copied = headers.get(from).cloned().unwrap_or_else(|| HeaderValue::from_static(""));
                headers.insert(to.clone(), copied);
            }
            Act::RemoveHeaders(names) => headers.retain(|name| !names.contains(name)),
            Act::SetBody { content_type, body } => {
                headers.insert(CONTENT_TYPE, content_type.clone());
                headers.remove(&CONTENT_ENCODING);
                answering.replace_body(body);
            }
            Act::AddCookie(cookie) => headers.append(SET_COOKIE, value(&cookie.line())?),
            Act::Stash(name) => headers.insert(name.clone(), value(&answering.asked.uri.to_string())?),
            Act::SetStatus(status) => answering.answer.status = *status,
            Act::ServeFile(files) => match files.read(&url::path(&answering.asked.uri)) {
                Ok((bytes, content_type)) => {
                    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
                    answering.replace_body(&bytes);
                }
                Err(status) => answering.answer.status = status,
            },
            Act::Group { modifiers, goes_on } => return all(modifiers, *goes_on, |one| one.on_response(answering)),
            Act::Filter(filter) => {
                return match filter.condition.holds_for_response(answering) {
                    true => filter.then.on_response(answering),
                    false => filter.otherwise.as_ref().map_or(Ok(()), |other| other.on_response(answering)),
                };
            }
            Act::Fail(message) => return Err(failure(message)),
            Act::AddId(_) | Act::EditUrl(_) | Act::SetQuery { .. } | Act::SetPort(_) | Act::Nothing => {}
        }
        Ok(())
    }
}

impl Answering<'_> {
    /// Replaces the body, by the part of it that the request asks for, if it asks for one.
    fn replace_body(&mut self, body: &Bytes) {
        let Some(range) = self.asked.headers.get(&RANGE) else { return self.put(body.clone()) };
        let range = String::from_utf8_lossy(range.as_bytes()).to_ascii_lowercase();
        match part(&range, body.len()) {
            Part::Unwanted => self.put(body.clone()),
            Part::OutOfRange => self.answer.status = StatusCode::RANGE_NOT_SATISFIABLE,
            Part::Bytes(first, last) => {
                self.answer.status = StatusCode::PARTIAL_CONTENT;
                if let Ok(text) = HeaderValue::from_str(&format!("bytes {first}-{last}/{}", body.len())) {
                    self.answer.headers.insert(CONTENT_RANGE, text);
                }
                self.put(body.slice(first..=last));
            }
        }
    }

    fn put(&mut self, body: Bytes) {
        self.answer.headers.remove(&TRANSFER_ENCODING);
        self.answer.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        self.answer.body = WireAnswer::whole(self.answer.status, crate::model::Headers::new(), body).body;
    }
}

/// Which bytes of a body a request wants.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// All: several ranges at once are not served.
    Unwanted,
    /// Some that are not there.
    OutOfRange,
    /// These, the last included; both are inside the body.
    Bytes(usize, usize),
}

fn part(range: &str, length: usize) -> Part {
    let wanted = range.trim_start_matches("bytes=");
    if wanted.contains(',') {
        return Part::Unwanted;
    }
    let last = length.saturating_sub(1);
    let bounds = wanted.split_once('-').and_then(|(from, to)| {
        let to = if to.trim().is_empty() { last } else { to.trim().parse().ok()? };
        Some((from.trim().parse().ok()?, to))
    });
    match bounds {
        Some((from, to)) if from <= to && to < length => Part::Bytes(from, to),
        _ => Part::OutOfRange,
    }
}

impl Condition {
    fn holds_for_response(&self, answering: &Answering<'_>) -> bool {
        match self {
            Self::Header(name, _) if *name == HOST => self.holds_for_request(answering.asked),
            Self::Header(name, wanted) => {
                answering.answer.headers.get_all(name).any(|value| value.as_bytes() == wanted.as_bytes())
            }
            Self::Cookie { name, value } => answering.answer.headers.get_all(&SET_COOKIE).any(|line| {
                let line = String::from_utf8_lossy(line.as_bytes());
                line.split(';').next().is_some_and(|pair| is_cookie(pair, name, value))
            }),
            _ => self.holds_for_request(answering.asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, part};

    #[test]
    fn ranges_stay_inside_the_body() {
        for (range, wanted) in [
            ("bytes=0-3", Part::Bytes(0, 3)),
            ("bytes=2-", Part::Bytes(2, 9)),
            ("bytes=5-50", Part::OutOfRange),
            ("bytes=5-1", Part::OutOfRange),
            ("bytes=-5", Part::OutOfRange),
            ("x", Part::OutOfRange),
            ("bytes=0-1,3-4", Part::Unwanted),
        ] {
            assert_eq!(part(range, 10), wanted, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::OutOfRange);
    }
}
