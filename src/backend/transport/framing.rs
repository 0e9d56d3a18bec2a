//! Where an answer's body ends, by RFC 9112 section 6.3, refusing what two readers could read differently.

use awc::http::{
    Method, StatusCode, Version,
    header::{self, HeaderMap, HeaderName},
};

use super::chunked::Chunked;

/// Headers of an answer, however they are kept.
pub trait Fields {
    /// Every value of a header, in order.
    fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]>;
}

impl Fields for HeaderMap {
    fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).map(|value| value.as_bytes())
    }
}

impl Fields for [httparse::Header<'_>] {
    fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|field| field.name.eq_ignore_ascii_case(name.as_str())).map(|field| field.value)
    }
}

/// How the end of a body is found.
#[derive(Debug)]
pub enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// The chunked coding says.
    Chunked(Chunked),
    /// Whatever comes until the connection closes.
    UntilClose,
}

impl Framing {
    /// The framing of an answer with this head.
    ///
    /// # Errors
    /// When the head names both a length and a coding, several lengths, or a coding other than `chunked`.
    pub fn of<F: Fields + ?Sized>(method: &Method, status: StatusCode, headers: &F) -> Result<Self, &'static str> {
        let bodiless = *method == Method::HEAD
            || status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        if bodiless {
            return Ok(Self::Length(0));
        }
        let length = content_length(headers)?;
        let mut codings = headers.all(&header::TRANSFER_ENCODING);
        match (codings.next(), codings.next(), length) {
            (None, _, Some(length)) => Ok(Self::Length(length)),
            (None, _, None) => Ok(Self::UntilClose),
            (Some(_), _, Some(_)) => Err("both Content-Length and Transfer-Encoding"),
            (Some(coding), None, None) if coding.eq_ignore_ascii_case(b"chunked") => {
                Ok(Self::Chunked(Chunked::default()))
            }
            (Some(_), _, None) => Err("unsupported transfer encoding"),
        }
    }
}

fn content_length<F: Fields + ?Sized>(headers: &F) -> Result<Option<u64>, &'static str> {
    let mut length = None;
    for digits in headers.all(&header::CONTENT_LENGTH) {
        if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
            return Err("bad Content-Length");
        }
        let parsed = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u64>().ok());
        if length.is_some() && length != parsed {
            return Err("several different Content-Length headers");
        }
        length = parsed;
    }
    Ok(length)
}

/// Whether the connection may carry another request after this answer.
pub(super) fn keeps_alive<F: Fields + ?Sized>(version: Version, headers: &F) -> bool {
    let says = |token: &str| {
        let is_token = |part: &[u8]| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes());
        headers.all(&header::CONNECTION).any(|value| value.split(|byte| *byte == b',').any(is_token))
    };
    if version == Version::HTTP_11 { !says("close") } else { says("keep-alive") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(pairs: &[(header::HeaderName, &'static str)]) -> Result<Framing, &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), header::HeaderValue::from_static(value));
        }
        Framing::of(&Method::GET, StatusCode::OK, &headers)
    }

    #[test]
    fn ambiguous_lengths_are_refused() {
        use header::{CONTENT_LENGTH as LENGTH, TRANSFER_ENCODING as CODING};
        assert!(framing(&[(LENGTH, "5"), (CODING, "chunked")]).is_err());
        assert!(framing(&[(LENGTH, "5"), (LENGTH, "6")]).is_err());
        assert!(framing(&[(LENGTH, "+5")]).is_err());
        assert!(framing(&[(LENGTH, "5, 5")]).is_err());
        assert!(framing(&[(LENGTH, "99999999999999999999")]).is_err());
        assert!(framing(&[(CODING, "gzip, chunked")]).is_err());
        assert!(framing(&[(CODING, "chunked"), (CODING, "chunked")]).is_err());
    }

    #[test]
    fn the_plain_cases_are_read() {
        assert!(matches!(framing(&[(header::CONTENT_LENGTH, "5")]), Ok(Framing::Length(5))));
        assert!(matches!(framing(&[(header::TRANSFER_ENCODING, "Chunked")]), Ok(Framing::Chunked(_))));
        assert!(matches!(framing(&[]), Ok(Framing::UntilClose)));
        let head = Framing::of(&Method::HEAD, StatusCode::OK, &HeaderMap::new());
        assert!(matches!(head, Ok(Framing::Length(0))));
    }

    #[test]
    fn keep_alive_follows_the_version() {
        let mut headers = HeaderMap::new();
        assert!(keeps_alive(Version::HTTP_11, &headers) && !keeps_alive(Version::HTTP_10, &headers));
        headers.append(header::CONNECTION, header::HeaderValue::from_static("foo, Close"));
        assert!(!keeps_alive(Version::HTTP_11, &headers));
    }
}
