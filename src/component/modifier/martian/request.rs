//! Modifiers acting on a request before it goes out.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST},
};

use crate::model::{Body, Failure, Kind, Outbound, WireRequest, body::Held, query};

use super::{
    modifier::{Act, Condition, Modifier},
    url,
};

/// A request while it is modified.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) outbound: Outbound,
    pub(super) body: Body,
    /// Whether a modifier answers instead of the upstream.
    pub(super) skips_call: bool,
}

impl Asking {
    pub(super) fn new(request: WireRequest) -> Self {
        Self { outbound: request.outbound, body: request.body, skips_call: false }
    }

    /// Changes the URL; what the upstream is told as `Host` stays, as in KrakenD.
    fn move_to(&mut self, uri: Option<Uri>) -> Result<(), Failure> {
        let uri = uri.ok_or_else(|| failure("a modifier makes an invalid URL"))?;
        if !self.outbound.headers.contains(&HOST)
            && uri.authority() != self.outbound.uri.authority()
            && let Some(host) = host(&self.outbound)
        {
            self.outbound.headers.insert(HOST, host);
        }
        self.outbound.uri = uri;
        Ok(())
    }
}

/// The first value of a header, `Host` being that of the URL unless it is set.
pub(super) fn header(outbound: &Outbound, name: &HeaderName) -> Option<HeaderValue> {
    let held = outbound.headers.get(name).cloned();
    if *name == HOST { held.or_else(|| host(outbound)) } else { held }
}

fn host(outbound: &Outbound) -> Option<HeaderValue> {
    HeaderValue::from_str(outbound.uri.authority()?.as_str()).ok()
}

/// A call that a modifier ends.
pub(super) fn failure(message: &str) -> Failure {
    Failure::new(Kind::Protocol, message)
}

/// A header value of a text.
pub(super) fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_invalid| failure("a modifier makes an invalid header value"))
}

impl Modifier {
    /// Acts on a request, if it does at all.
    ///
    /// # Errors
    /// When it ends the call.
    pub(super) fn on_request(&self, asking: &mut Asking) -> Result<(), Failure> {
        if !self.on_request {
            return Ok(());
        }
        let headers = &mut asking.outbound.headers;
        match &self.act {
            Act::SetHeader(name, value) => headers.insert(name.clone(), value.clone()),
            Act::AppendHeader(name, _) if *name == HOST => {
                return Err(failure("proxyutil: illegal header with multiple values"));
            }
            Act::AppendHeader(name, value) => headers.append(name.clone(), value.clone()),
            Act::CopyHeader { from, to } => {
                let copied = header(&asking.outbound, from).unwrap_or_else(|| HeaderValue::from_static(""));
                asking.outbound.headers.insert(to.clone(), copied);
            }
            Act::RemoveHeaders(names) => headers.retain(|name| !names.contains(name)),
            Act::AddId(name) if headers.contains(name) => {}
            Act::AddId(name) => headers.insert(name.clone(), value(&random_id())?),
            Act::SetBody { content_type, body } => {
                headers.insert(CONTENT_TYPE, content_type.clone());
                headers.remove(&CONTENT_ENCODING);
                asking.body = held(body.clone());
            }
            Act::AddCookie(cookie) => {
                let sent = headers.get(&COOKIE).map(|sent| format!("{}; ", String::from_utf8_lossy(sent.as_bytes())));
                headers.insert(COOKIE, value(&format!("{}{}", sent.unwrap_or_default(), cookie.pair()))?);
            }
            Act::EditUrl(parts) => return asking.move_to(url::edited(&asking.outbound.uri, parts)),
            Act::SetQuery { name, value } => {
                let uri = &asking.outbound.uri;
                let query = query::with_value(uri.query().unwrap_or_default(), name, value);
                return asking.move_to(url::with_query(uri, &query));
            }
            Act::SetPort(port) => return asking.move_to(url::with_port(&asking.outbound.uri, *port)),
            Act::Stash(name) => {
                let url = value(&asking.outbound.uri.to_string())?;
                headers.insert(name.clone(), url);
            }
            Act::ServeFile(_) => asking.skips_call = true,
            Act::Group { modifiers, goes_on } => return all(modifiers, *goes_on, |one| one.on_request(asking)),
            Act::Filter(filter) => {
                return match filter.condition.holds_for_request(&asking.outbound) {
                    true => filter.then.on_request(asking),
                    false => filter.otherwise.as_ref().map_or(Ok(()), |other| other.on_request(asking)),
                };
            }
            Act::Fail(message) => return Err(failure(message)),
            Act::SetStatus(_) | Act::Nothing => {}
        }
        Ok(())
    }
}

/// Runs several in order; the first error ends them, or stands with the others at the end.
pub(super) fn all(
    modifiers: &[Modifier],
    goes_on: bool,
    mut act: impl FnMut(&Modifier) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if !goes_on {
        return modifiers.iter().try_for_each(act);
    }
    let errors: Vec<String> = modifiers.iter().filter_map(|one| act(one).err()).map(|error| error.message).collect();
    if errors.is_empty() { Ok(()) } else { Err(failure(&errors.join("\n"))) }
}

impl Condition {
    pub(super) fn holds_for_request(&self, outbound: &Outbound) -> bool {
        match self {
            Self::Header(name, wanted) if *name == HOST => {
                header(outbound, name).is_some_and(|value| value.as_bytes() == wanted.as_bytes())
            }
            Self::Header(name, wanted) => {
                outbound.headers.get_all(name).any(|value| value.as_bytes() == wanted.as_bytes())
            }
            Self::HeaderMatches(name, regex) => {
                let matches = |value: &HeaderValue| regex.is_match(&String::from_utf8_lossy(value.as_bytes()));
                match *name == HOST {
                    true => header(outbound, name).is_some_and(|value| matches(&value)),
                    false => outbound.headers.get_all(name).any(matches),
                }
            }
            Self::Url(parts) => url::matches(&outbound.uri, parts),
            Self::UrlMatches(regex) => regex.is_match(&outbound.uri.to_string()),
            Self::Query { name, value } => query::pairs(outbound.uri.query().unwrap_or_default())
                .any(|(held, held_value)| held == *name && (value.is_empty() || held_value == *value)),
            Self::Cookie { name, value } => outbound.headers.get_all(&COOKIE).any(|line| {
                let line = String::from_utf8_lossy(line.as_bytes());
                line.split(';').any(|pair| is_cookie(pair, name, value))
            }),
            Self::Port(port) => url::port(&outbound.uri) == *port,
        }
    }
}

/// Whether `pair` is this cookie, with this value if one is wanted.
pub(super) fn is_cookie(pair: &str, name: &str, value: &str) -> bool {
    let (held, held_value) = pair.trim().split_once('=').unwrap_or((pair.trim(), ""));
    held == name && (value.is_empty() || held_value.trim_matches('"') == value)
}

fn held(body: Bytes) -> Body {
    if body.is_empty() { Body::Empty } else { Body::Held(Held::new(vec![body])) }
}

/// A UUID of version 4. The numbers come from the seeds of hash maps: hard to guess, but no secret.
fn random_id() -> String {
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        ((low >> 48) & 0x3fff) | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
