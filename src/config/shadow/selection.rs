//! Which requests a shadow gets.

use http::HeaderName;
use ipnet::IpNet;
use regex::Regex;

use super::{Secret, Share};

/// `sample`: a share of the requests, the same ones everywhere for the same key and salt.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The share that is copied (`rate`): a number from 0 to 1 or a text such as `"10%"`; everything unless given.
    pub rate: Share,
    /// What decides (`key`): requests with the same value are treated alike. `random` unless given.
    pub key: SampleKey,
    /// Another salt gives another set of the same size (`salt`); the service's name unless given.
    pub salt: String,
    /// What happens to a request that does not have the key (`on_missing_key`): `skip` unless given.
    pub on_missing_key: OnMissingKey,
}

/// What of a request is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleKey {
    /// `random`: a number drawn once per request and used by all its shadows.
    Random,
    /// `header:NAME`: the first value of a header the client sent, forwarded or not.
    Header(HeaderName),
    /// `cookie:NAME`.
    Cookie(String),
    /// `jwt:CLAIM`: a claim of the validated token, nested ones with dots.
    Claim(String),
    /// `query:NAME`: the first value, forwarded or not.
    Query(String),
    /// `param:NAME`: a `{param}` of the endpoint, as its place among them.
    Param(usize),
    /// `path`: as the client sent it, percent-decoded.
    Path,
    /// `ip`: the client's address as the router settings find it.
    Address,
    /// `trace_id`: of the W3C `traceparent`.
    TraceId,
}

/// See [`Sample::on_missing_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissingKey {
    /// Not copied, counted as `no_key`.
    Skip,
    /// By chance, at the same rate.
    Random,
}

/// `match`: every condition must hold; each has a `not_…` twin that must not.
#[derive(Clone, Debug, Default)]
pub struct Conditions(pub Vec<Criterion>);

/// One condition on a request.
#[derive(Clone, Debug)]
pub enum Criterion {
    /// `methods`: one of these, in upper case.
    Methods(Vec<String>),
    /// `not_methods`.
    NotMethods(Vec<String>),
    /// `path`: the client's path, percent-decoded, is like one of these.
    Path(Vec<TextPattern>),
    /// `not_path`.
    NotPath(Vec<TextPattern>),
    /// `headers`, one entry per header: a value is like one of these.
    Header(HeaderName, Vec<TextPattern>),
    /// `not_headers`: no value of it is like any of these.
    NotHeader(HeaderName, Vec<TextPattern>),
    /// `query`, one entry per parameter.
    Query(String, Vec<TextPattern>),
    /// `not_query`.
    NotQuery(String, Vec<TextPattern>),
    /// `claims`, one entry per claim of the validated token; a list claim matches by any element.
    Claim(String, Vec<TextPattern>),
    /// `not_claims`.
    NotClaim(String, Vec<TextPattern>),
    /// `content_type`: of the request, without parameters, in lower case.
    ContentType(Vec<TextPattern>),
    /// `not_content_type`.
    NotContentType(Vec<TextPattern>),
    /// `max_content_length`: bytes the client announces at most; a request without a length matches.
    MaxContentLength(u64),
}

/// How a text is compared: exactly, by prefix, by expression, or only for being there.
#[derive(Clone, Debug)]
pub enum TextPattern {
    /// `"*"`: anything.
    Any,
    /// `"text"`: exactly this.
    Exact(String),
    /// `"text*"`: anything that begins so.
    Prefix(String),
    /// `"~expression"`: a regular expression finds something in it.
    Expression(Regex),
}

/// `match.unsafe_methods` and `unsafe_reason`: whether requests that change something are copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Only GET, HEAD, OPTIONS and TRACE are; the others are skipped as `write_denied`.
    Denied,
    /// All are, for this reason, which the dashboard shows.
    Allowed(String),
}

/// `loop`: when a copy that comes back to a gateway is not copied again.
#[derive(Clone, Debug)]
pub struct LoopGuard {
    /// Copies of copies up to this depth are made (`max_hops`), 1 unless given: only of clients' own requests.
    pub max_hops: u32,
    /// Whose marks are believed beside those of this process (`trusted_marks`).
    pub trusted: Vec<Peer>,
}

/// Another gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// By the address its connection comes from, never by a header.
    Network(IpNet),
    /// By a key both know; its marks are signed with it.
    Key(Secret),
}

impl Peer {
    /// The key, if it is known by one.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Key(secret) => Some(secret),
            Self::Network(_) => None,
        }
    }
}
