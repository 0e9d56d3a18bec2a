//! Request heads out, answer heads in.
//!
//! Runs once per upstream call: one buffer is written, header values of the answer are slices of what was read.

use std::mem::MaybeUninit;

use awc::http::{
    Method, StatusCode, Uri, Version,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use bytes::{Buf, Bytes, BytesMut};

use crate::model::{Headers, Outbound};

use super::framing::{self, Framing};

/// A larger head is refused.
pub const HEAD_BYTES_MAX: usize = 128 * 1024;
/// An answer with more headers is refused.
const HEADERS_MAX: usize = 128;

/// What the head says about the body that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// No body and no word about it.
    None,
    /// `Content-Length`.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// Writes a request head. Headers that frame the message or belong to one connection are ours alone to set.
pub fn write(out: &mut Vec<u8>, method: &Method, uri: &Uri, headers: &HeaderMap, length: BodyLength) {
    let has_host = headers.contains_key(header::HOST);
    write_fields(out, (method, uri), has_host, headers.iter(), length);
}

/// The same of a call as the gateway keeps it.
pub(super) fn write_list(out: &mut Vec<u8>, outbound: &Outbound, length: BodyLength) {
    let has_host = outbound.headers.contains(&header::HOST);
    let fields = outbound.headers.iter().map(|(name, value)| (name, value));
    write_fields(out, (&outbound.method, &outbound.uri), has_host, fields, length);
}

fn write_fields<'a>(
    out: &mut Vec<u8>,
    (method, uri): (&Method, &Uri),
    has_host: bool,
    fields: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
    length: BodyLength,
) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(uri.path_and_query().map_or("/", |target| target.as_str()).as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if !has_host && let Some(authority) = uri.authority() {
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        line(out, "Host", host.as_bytes());
    }
    for (name, value) in fields {
        if !is_framing(name) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
    match length {
        BodyLength::None => {}
        BodyLength::Known(bytes) => line(out, "content-length", bytes.to_string().as_bytes()),
        BodyLength::Chunked => line(out, "transfer-encoding", b"chunked"),
    }
    out.extend_from_slice(b"\r\n");
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Adds to a head that leave is asked for. The wire decides when it may, for an upstream that answers such a request
/// without having read its body would take the body for the next request.
pub(super) fn ask_leave(out: &mut Vec<u8>) {
    out.truncate(out.len().saturating_sub(b"\r\n".len()));
    out.extend_from_slice(b"Expect: 100-continue\r\n\r\n");
}

/// Whether the request wants to hear from the upstream before its body is sent.
pub(super) fn asks_leave(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn is_framing(name: &HeaderName) -> bool {
    *name == header::CONTENT_LENGTH
        || *name == header::TRANSFER_ENCODING
        || *name == header::CONNECTION
        || *name == header::EXPECT
        || *name == header::UPGRADE
}

/// The head of an answer.
#[derive(Debug)]
pub struct AnswerHead {
    /// Its status.
    pub status: StatusCode,
    /// 1.0 or 1.1.
    pub version: Version,
    /// Its headers.
    pub headers: HeaderMap,
}

/// Takes an answer's head out of `buffer`; `None` when it has not arrived whole.
///
/// # Errors
/// When it is not an HTTP/1 answer or breaks a limit.
pub fn read(buffer: &mut BytesMut) -> Result<Option<AnswerHead>, &'static str> {
    let mut parsed = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut parsed);
    let outcome = answer.parse(buffer);
    let Some(length) = length_of_head(outcome, buffer.len())? else { return Ok(None) };
    let (status, version) = (status_of(answer.code)?, version_of(answer.version));
    let spans: Vec<(HeaderName, usize, usize)> =
        answer.headers.iter().map(|h| span(h, buffer)).collect::<Result<_, _>>()?;
    let head: Bytes = buffer.split_to(length).freeze();
    let mut headers = HeaderMap::with_capacity(spans.len());
    for (name, start, end) in spans {
        let value = HeaderValue::from_maybe_shared(head.slice(start..end)).map_err(|_bad| "malformed header value")?;
        headers.append(name, value);
    }
    Ok(Some(AnswerHead { status, version, headers }))
}

/// Which headers of an answer are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// Of an answer that is decoded, how it is packed; of one with another status than 200 and 201, all.
    Packing,
    /// Where a redirect leads.
    Location,
}

impl Keep {
    fn wants(self, status: StatusCode, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Packing if matches!(status, StatusCode::OK | StatusCode::CREATED) => {
                name.eq_ignore_ascii_case(header::CONTENT_ENCODING.as_str())
            }
            Self::Packing => true,
            Self::Location => status.is_redirection() && name.eq_ignore_ascii_case(header::LOCATION.as_str()),
        }
    }
}

/// As much of an answer's head as somebody wants.
#[derive(Debug)]
pub(super) struct Brief {
    pub(super) status: StatusCode,
    pub(super) framing: Framing,
    pub(super) keeps_alive: bool,
    /// Those that were to be kept.
    pub(super) headers: Headers,
}

impl Brief {
    /// Takes the head of an answer to `method` out of `buffer`; `None` when it has not arrived whole.
    ///
    /// # Errors
    /// When it is not an HTTP/1 answer, breaks a limit, or says ambiguously where its body ends.
    pub(super) fn read(buffer: &mut BytesMut, method: &Method, keep: Keep) -> Result<Option<Self>, &'static str> {
        let mut parsed = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut answer = httparse::Response::new(&mut []);
        let outcome =
            httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut answer, buffer, &mut parsed);
        let Some(length) = length_of_head(outcome, buffer.len())? else { return Ok(None) };
        let status = status_of(answer.code)?;
        let (version, fields) = (version_of(answer.version), &*answer.headers);
        let framing = Framing::of(method, status, fields)?;
        let keeps_alive = framing::keeps_alive(version, fields);
        let wanted = fields.iter().filter(|field| keep.wants(status, field.name));
        let spans: Vec<_> = wanted.map(|field| span(field, buffer)).collect::<Result<_, _>>()?;
        let headers = if spans.is_empty() {
            buffer.advance(length);
            Headers::new()
        } else {
            sliced(&buffer.split_to(length).freeze(), spans)?
        };
        Ok(Some(Self { status, framing, keeps_alive, headers }))
    }
}

/// Headers whose values are slices of the head they stand in.
fn sliced(head: &Bytes, spans: Vec<(HeaderName, usize, usize)>) -> Result<Headers, &'static str> {
    let mut headers = Headers::with_capacity(spans.len());
    for (name, start, end) in spans {
        let value = HeaderValue::from_maybe_shared(head.slice(start..end)).map_err(|_bad| "malformed header value")?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// How long a head is; `None` when it has not arrived whole.
fn length_of_head(outcome: httparse::Result<usize>, buffered: usize) -> Result<Option<usize>, &'static str> {
    match outcome {
        Ok(httparse::Status::Complete(length)) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if buffered > HEAD_BYTES_MAX => Err("head too large"),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err("too many headers"),
        Err(_malformed) => Err("malformed HTTP response"),
    }
}

fn status_of(code: Option<u16>) -> Result<StatusCode, &'static str> {
    code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or("malformed HTTP status code")
}

const fn version_of(minor: Option<u8>) -> Version {
    if matches!(minor, Some(1)) { Version::HTTP_11 } else { Version::HTTP_10 }
}

/// A header's name and where its value stands in `buffer`.
fn span(parsed: &httparse::Header<'_>, buffer: &BytesMut) -> Result<(HeaderName, usize, usize), &'static str> {
    let name = HeaderName::from_bytes(parsed.name.as_bytes()).map_err(|_bad| "malformed header name")?;
    let start = (parsed.value.as_ptr() as usize).saturating_sub(buffer.chunk().as_ptr() as usize);
    Ok((name, start, start + parsed.value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let wire = b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: two\r\n\r\nrest";
        let mut buffer = BytesMut::from(&wire[..20]);
        assert!(read(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(&wire[20..]);
        let head = read(&mut buffer).unwrap().unwrap();
        let values: Vec<_> = head.headers.get_all("x-a").map(|value| value.to_str().unwrap().to_owned()).collect();
        assert_eq!((head.status.as_u16(), values), (204, vec!["1".to_owned(), "two".to_owned()]));
        assert_eq!(&buffer[..], b"rest");
    }

    #[test]
    fn nonsense_and_excess_are_refused() {
        assert!(read(&mut BytesMut::from(&b"hello there\r\n\r\n"[..])).is_err());
        assert!(read(&mut BytesMut::from(&b"HTTP/1.1 099 x\r\n\r\n"[..])).is_err());
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(HEADERS_MAX + 1));
        assert!(read(&mut BytesMut::from(many.as_bytes())).is_err());
        let large = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(HEAD_BYTES_MAX));
        assert!(read(&mut BytesMut::from(large.as_bytes())).is_err());
    }

    #[test]
    fn a_request_cannot_smuggle_framing() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-length", "3"), ("transfer-encoding", "chunked"), ("x-kept", "yes")] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut out = Vec::new();
        write(&mut out, &Method::POST, &Uri::from_static("http://h:81/p?q=1"), &headers, BodyLength::Known(9));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "POST /p?q=1 HTTP/1.1\r\nHost: h:81\r\nx-kept: yes\r\ncontent-length: 9\r\n\r\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _any_answer = read(&mut BytesMut::from(&bytes[..]));
        }
    }
}
