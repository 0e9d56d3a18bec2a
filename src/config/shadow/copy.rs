//! How a copy differs from what the live backends get.

use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
};

/// Headers that usually are credentials, wherever requests are copied or logged.
pub const CREDENTIAL_HEADERS: [HeaderName; 10] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-access-token"),
    HeaderName::from_static("x-forwarded-access-token"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-csrf-token"),
];

/// Parameters of queries that are taken for credentials wherever a query is copied or logged. Short words that mostly
/// mean something else, such as `key` and `code`, are not among them.
pub const CREDENTIAL_QUERY: [&str; 12] = [
    "access_token",
    "id_token",
    "refresh_token",
    "token",
    "jwt",
    "api_key",
    "apikey",
    "password",
    "client_secret",
    "sig",
    "x-amz-signature",
    "x-amz-security-token",
];

/// `headers` and `body_patch`: applied to the copy last, after all components.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// `credentials`: `strip` unless given.
    pub credentials: Credentials,
    /// Headers that count as credentials: those that usually are, the one that `auth/validator` reads the token from, and
    /// `credential_headers`.
    pub credential_headers: Vec<HeaderName>,
    /// Parameters of the query that do, in any case: [`CREDENTIAL_QUERY`] and `credential_query`.
    pub credential_query: Vec<String>,
    /// `set`: exactly this value, which is marked as not to be printed.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// `remove`.
    pub remove: Vec<HeaderName>,
    /// `allow`: if given, all others are removed; those of the transport and `set` stay.
    pub allow: Option<Vec<HeaderName>>,
    /// `host`: the Host header, whatever the address.
    pub host: Option<HeaderValue>,
    /// `mark`; `None` sends no marks.
    pub marks: Option<Marks>,
    /// `trace`: `link` unless given.
    pub trace: TraceContext,
    /// `idempotency_key` of `match`: what becomes of the header Idempotency-Key.
    pub idempotency_key: IdempotencyKey,
    /// `body_patch`: a JSON merge patch (RFC 7396) on a JSON body.
    pub body_patch: Option<serde_json::Value>,
}

/// What becomes of the client's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Removed; what components of the shadow itself add stays.
    Strip,
    /// Sent on.
    Forward,
    /// Removed, and the backend's `auth/client-credentials` gives the shadow its own; it must be there.
    Replace,
}

/// What becomes of `Idempotency-Key`, by which a shared store would take the live call for the repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdempotencyKey {
    /// `-shadow` is appended.
    Suffix,
    /// It is removed.
    Strip,
    /// It stays.
    Keep,
}

/// The names of the headers that tell a copy from a live request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Carries `1`: `X-Shadow-Request` unless given.
    pub request: HeaderName,
    /// Carries a number of the pair: `X-Shadow-Id` unless given.
    pub id: HeaderName,
    /// Carries milliseconds since 1970: `X-Shadow-Sent-At` unless given.
    pub sent_at: HeaderName,
}

/// What becomes of the W3C `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceContext {
    /// The same trace and sampling decision, with a span of the copy's own.
    Link,
    /// As the client sent it.
    Inherit,
    /// Removed, with `tracestate`.
    Off,
}
