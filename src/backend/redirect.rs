//! Where an upstream sends a call on to, by the rules of Go's client, which KrakenD stands on.

use awc::http::header::{AUTHORIZATION, COOKIE, LOCATION, REFERER};
use http::{HeaderValue, Method, StatusCode, Uri};
use url::Url;

use crate::model::{Body, Failure, Kind, Outbound};

use super::client::Inbound;

/// After so many redirects a call fails.
pub const REDIRECTS_MAX: usize = 10;

/// A call on its way from hop to hop.
#[derive(Debug)]
pub(super) struct Trail {
    outbound: Outbound,
    body: Option<Body>,
    hops: usize,
}

/// What to do with an answer.
pub(super) enum Next {
    /// It is the answer.
    Arrived,
    /// Send the trail's call again, to where it now points, with this body.
    Follow(Body),
}

impl Trail {
    /// A call that is about to be made. `resend` keeps a body for 307 and 308, where it can be kept.
    pub(super) fn new(outbound: Outbound, body: &Body, resend: bool) -> Self {
        let body = match body {
            Body::Empty => Some(Body::Empty),
            held if resend => held.share(),
            _ => None,
        };
        Self { outbound, body, hops: 0 }
    }

    /// The call to make now.
    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// The same, for whoever says something in it.
    pub(super) fn outbound_mut(&mut self) -> &mut Outbound {
        &mut self.outbound
    }

    /// The call that was made last.
    pub(super) fn into_outbound(self) -> Outbound {
        self.outbound
    }

    /// Where an answer sends the call on to.
    ///
    /// # Errors
    /// When there were too many redirects, or the address given is none.
    pub(super) fn next(&mut self, answer: &Inbound) -> Result<Next, Failure> {
        self.after(answer.status(), answer.header(&LOCATION))
    }

    /// The same of an answer with this status and this `Location`.
    ///
    /// # Errors
    /// As for [`Trail::next`].
    pub(super) fn after(&mut self, status: StatusCode, location: Option<&HeaderValue>) -> Result<Next, Failure> {
        let Some(location) = location.filter(|_| is_redirect(status)) else { return Ok(Next::Arrived) };
        let keeps = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        let Some(body) = self.body_of_next(keeps) else { return Ok(Next::Arrived) };
        let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
        self.hops += 1;
        if self.hops >= REDIRECTS_MAX {
            return Err(self.failure(&location, "stopped after 10 redirects"));
        }
        let target = resolve(&self.outbound.uri, &location)
            .ok_or_else(|| self.failure(&location, "invalid redirect location"))?;
        self.step(target, keeps);
        Ok(Next::Follow(body))
    }

    fn body_of_next(&self, keeps: bool) -> Option<Body> {
        if keeps { self.body.as_ref()?.share() } else { Some(Body::Empty) }
    }

    fn step(&mut self, target: Uri, keeps: bool) {
        if !keeps {
            if self.outbound.method != Method::HEAD {
                self.outbound.method = Method::GET;
            }
            self.body = Some(Body::Empty);
            self.outbound.headers.remove(&http::header::CONTENT_TYPE);
        }
        if !same_site(self.outbound.uri.host().unwrap_or_default(), target.host().unwrap_or_default()) {
            self.outbound.headers.remove(&AUTHORIZATION);
            self.outbound.headers.remove(&COOKIE);
        }
        let from_safe_to_open = self.outbound.uri.scheme_str() == Some("https") && target.scheme_str() == Some("http");
        match HeaderValue::from_str(&self.outbound.uri.to_string()) {
            Ok(referer) if !from_safe_to_open => self.outbound.headers.insert(REFERER, referer),
            _ => self.outbound.headers.remove(&REFERER),
        }
        self.outbound.uri = target;
    }

    fn failure(&self, location: &str, what: &str) -> Failure {
        let method = crate::plan::template::title(&self.outbound.method.as_str().to_ascii_lowercase());
        Failure::new(Kind::Protocol, format!("{method} \"{location}\": {what}"))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where `location` leads from an address, without a fragment; `None` if that is no address to call.
#[doc(hidden)] // Public for tests/fuzz only.
#[must_use]
pub fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    let mut target = Url::parse(&from.to_string()).ok()?.join(location).ok()?;
    target.set_fragment(None);
    matches!(target.scheme(), "http" | "https").then(|| target.as_str().parse().ok())?
}

/// Whether secrets for one host may go to the other: the same host, or a part of it.
fn same_site(one: &str, other: &str) -> bool {
    one == other || other.strip_suffix(one).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(body: &Body, resend: bool) -> Trail {
        let mut headers = crate::model::Headers::new();
        headers.append(AUTHORIZATION, HeaderValue::from_static("secret"));
        let uri = Uri::from_static("http://h:81/a?b");
        Trail::new(Outbound { method: Method::POST, uri, headers, asked_for_gzip: false }, body, resend)
    }

    #[test]
    fn targets_are_resolved_and_fragments_cut() {
        let from = Uri::from_static("http://h:81/a/b?c");
        for (location, target) in [("/x", "http://h:81/x"), ("d?e#f", "http://h:81/a/d?e"), ("//o/x", "http://o/x")] {
            assert_eq!(resolve(&from, location).unwrap().to_string(), target);
        }
        assert!(resolve(&from, "ftp://h/").is_none() && resolve(&from, "http://[").is_none());
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let mut at_home = trail(&Body::Empty, false);
        at_home.step(Uri::from_static("http://h:82/x"), true);
        assert!(at_home.outbound.headers.contains(&AUTHORIZATION));
        at_home.step(Uri::from_static("http://part.h/x"), true);
        assert!(at_home.outbound.headers.contains(&AUTHORIZATION));
        at_home.step(Uri::from_static("http://evilh/x"), true);
        assert!(!at_home.outbound.headers.contains(&AUTHORIZATION));
        assert_eq!(at_home.outbound.headers.get(&REFERER).unwrap(), "http://part.h/x");
    }

    #[test]
    fn a_body_is_sent_again_only_where_the_file_says_so() {
        let body = || Body::Held(crate::model::body::Held::new(vec![bytes::Bytes::from_static(b"x")]));
        assert!(trail(&body(), false).body_of_next(true).is_none());
        assert!(matches!(trail(&body(), true).body_of_next(true), Some(Body::Held(_))));
        assert!(matches!(trail(&body(), false).body_of_next(false), Some(Body::Empty)));
        let mut moved = trail(&body(), true);
        moved.step(Uri::from_static("http://h:81/x"), false);
        assert_eq!(moved.outbound.method, Method::GET);
        assert!(matches!(moved.body_of_next(true), Some(Body::Empty)));
    }
}
