//! A request as samples and policies look at it: what the client sent, forwarded or not.
//!
//! Runs per shadow or split and request: nothing is copied.

use http::{HeaderName, HeaderValue, header::COOKIE};
use serde_json::Value;

use crate::model::{Origin, Request, claim};

/// What there is to look at.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) request: &'a Request,
    origin: Option<&'a Origin>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(request: &'a Request) -> Self {
        Self { request, origin: request.origin.as_deref() }
    }

    /// The origin; without it nothing is known, which is nobody's case where a shadow has a policy.
    pub(crate) fn origin(self) -> Option<&'a Origin> {
        self.origin
    }

    pub(crate) fn hops(self) -> u32 {
        self.origin.map_or(0, |origin| origin.hops)
    }

    pub(crate) fn path(self) -> &'a str {
        self.origin.map_or("", |origin| origin.path.as_str())
    }

    pub(crate) fn query(self) -> &'a str {
        self.origin.map_or("", |origin| origin.query.as_str())
    }

    /// Every value of a header.
    pub(crate) fn headers(self, name: &HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        let all = self.origin.into_iter().flat_map(|origin| origin.headers.iter());
        all.filter(move |(held, _)| held == name).map(|(_, value)| value)
    }

    pub(crate) fn first_header(self, name: &HeaderName) -> Option<&'a [u8]> {
        Some(self.origin?.headers.get(name)?.as_bytes())
    }

    /// The first cookie of this name, without the quotes around its value.
    pub(crate) fn cookie(self, name: &str) -> Option<&'a [u8]> {
        self.headers(&COOKIE).find_map(|cookies| cookie(cookies.as_bytes(), name))
    }

    /// A claim of the validated token; null is none.
    pub(crate) fn claim(self, name: &str) -> Option<&'a Value> {
        let claims = self.request.claims.as_deref()?.as_object()?;
        claim::find(claims, name).filter(|claim| !claim.is_null())
    }
}

fn cookie<'a>(cookies: &'a [u8], name: &str) -> Option<&'a [u8]> {
    cookies.split(|byte| *byte == b';').find_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let held = parts.next()?.trim_ascii();
        let value = parts.next()?.trim_ascii();
        (held == name.as_bytes()).then(|| unquoted(value))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::cookie;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        for (cookies, found) in [
            ("session=1; a=2", Some("2")),
            ("a = \"x y\" ;b=1", Some("x y")),
            ("aa=1;A=2", None),
            ("a=b=c", Some("b=c")),
            ("a", None),
            ("a=", Some("")),
            ("", None),
        ] {
            assert_eq!(cookie(cookies.as_bytes(), "a"), found.map(str::as_bytes), "{cookies}");
        }
    }
}
