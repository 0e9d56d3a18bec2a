//! What a modifier is: an act and the directions in which it acts.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use regex_lite::Regex;

use super::{cookie::Cookie, static_file::StaticFiles};

/// One modifier, with what it holds.
#[derive(Debug)]
pub(super) struct Modifier {
    /// Whether it acts on requests.
    pub(super) on_request: bool,
    /// Whether it acts on answers.
    pub(super) on_response: bool,
    /// What it does.
    pub(super) act: Act,
}

/// What a modifier does.
#[derive(Debug)]
pub(super) enum Act {
    /// Sets a header to one value.
    SetHeader(HeaderName, HeaderValue),
    /// Adds a value to a header.
    AppendHeader(HeaderName, HeaderValue),
    /// Sets a header to the first value of another.
    CopyHeader { from: HeaderName, to: HeaderName },
    /// Removes headers.
    RemoveHeaders(Vec<HeaderName>),
    /// Gives the request an identity if it has none.
    AddId(HeaderName),
    /// Replaces the body.
    SetBody { content_type: HeaderValue, body: Bytes },
    /// Adds a cookie.
    AddCookie(Cookie),
    /// Replaces the parts of the URL that are not empty.
    EditUrl(UrlParts),
    /// Sets a query parameter to one value.
    SetQuery { name: String, value: String },
    /// Changes the port.
    SetPort(Port),
    /// Keeps the URL in a header.
    Stash(HeaderName),
    /// Changes the status.
    SetStatus(StatusCode),
    /// Answers with a file instead of the upstream.
    ServeFile(StaticFiles),
    /// Several, in order; `goes_on` after errors.
    Group { modifiers: Vec<Modifier>, goes_on: bool },
    /// One or the other.
    Filter(Box<Filter>),
    /// Verifiers, which never act, and headers that frame the message, which are not ours to change.
    Nothing,
    /// Fails every call, because what it should write can't be written.
    Fail(String),
}

/// A choice between two modifiers.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) condition: Condition,
    pub(super) then: Modifier,
    pub(super) otherwise: Option<Modifier>,
}

/// When a filter's modifier runs.
#[derive(Debug)]
pub(super) enum Condition {
    /// A header of the message has this value.
    Header(HeaderName, String),
    /// A header of the request matches.
    HeaderMatches(HeaderName, Regex),
    /// All parts of the URL that are not empty are equal.
    Url(UrlParts),
    /// The URL matches.
    UrlMatches(Regex),
    /// The query has this parameter, with this value if one is given.
    Query { name: String, value: String },
    /// The message has this cookie, with this value if one is given.
    Cookie { name: String, value: String },
    /// The call goes to this port.
    Port(u16),
}

/// Parts of a URL; empty ones mean nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct UrlParts {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
}

/// What becomes of a port.
#[derive(Clone, Copy, Debug)]
pub(super) enum Port {
    /// It is this.
    Number(u16),
    /// It is the one the scheme stands for.
    OfScheme,
    /// It is left out.
    Nothing,
}
