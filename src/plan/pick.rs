//! Allow-lists of headers and query parameters, with names parsed once.

use http::header::HeaderName;

use crate::{config::Pick, model::query::encoded_anew};

/// Which of the client's headers a backend may see.
#[derive(Clone, Debug)]
pub enum HeaderPick {
    /// None, except that the content type still describes the body (KrakenD's rule for an empty list).
    ContentTypeOnly,
    /// Exactly these.
    Only(Vec<HeaderName>),
    /// All.
    All,
}

impl HeaderPick {
    /// Compiles `input_headers`. Names that can't be header names match nothing and are left out.
    #[must_use]
    pub fn new(pick: &Pick) -> Self {
        match pick {
            Pick::All => Self::All,
            Pick::Only(names) if names.is_empty() => Self::ContentTypeOnly,
            Pick::Only(names) => Self::Only(names.iter().filter_map(|name| name.parse().ok()).collect()),
        }
    }

    /// Whether a header goes through.
    #[must_use]
    pub fn lets_through(&self, name: &HeaderName) -> bool {
        match self {
            Self::ContentTypeOnly => *name == http::header::CONTENT_TYPE,
            Self::Only(names) => names.contains(name),
            Self::All => true,
        }
    }
}

/// Which of the client's query parameters a backend may see.
#[derive(Clone, Debug)]
pub enum QueryPick {
    /// None.
    Nothing,
    /// Exactly these, case-sensitively.
    Only(Vec<String>),
    /// All.
    All,
}

impl QueryPick {
    /// Compiles `input_query_strings`.
    #[must_use]
    pub fn new(pick: &Pick) -> Self {
        match pick {
            Pick::All => Self::All,
            Pick::Only(names) if names.is_empty() => Self::Nothing,
            Pick::Only(names) => Self::Only(names.clone()),
        }
    }

    /// The parameters that go through, sorted by name and encoded as KrakenD does; `raw` is the client's query.
    #[must_use]
    pub fn filter(&self, raw: &str) -> String {
        match self {
            Self::Nothing => String::new(),
            _ if raw.is_empty() => String::new(),
            Self::All => encoded_anew(raw, |_| true),
            Self::Only(names) => encoded_anew(raw, |name| names.iter().any(|wanted| wanted.as_bytes() == name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_forwarded_unless_listed() {
        assert_eq!(QueryPick::new(&Pick::Only(vec![])).filter("a=1"), "");
        assert_eq!(QueryPick::new(&Pick::Only(vec!["a".into()])).filter("b=2&a=1&A=3&a=0"), "a=1&a=0");
    }

    #[test]
    fn everything_is_sorted_and_encoded_anew() {
        assert_eq!(QueryPick::All.filter("z=a%20b&a&m=%C3%A4+x&m=1"), "a=&m=%C3%A4+x&m=1&z=a+b");
        assert_eq!(QueryPick::All.filter("name=%E9"), "name=%E9");
        assert_eq!(QueryPick::All.filter("a=%zz&b=1;c=2&d=4"), "d=4");
    }

    #[test]
    fn an_empty_header_list_still_lets_the_content_type_through() {
        let pick = HeaderPick::new(&Pick::Only(vec![]));
        assert!(pick.lets_through(&http::header::CONTENT_TYPE) && !pick.lets_through(&http::header::ACCEPT));
        let pick = HeaderPick::new(&Pick::Only(vec!["X-A".into()]));
        assert!(!pick.lets_through(&http::header::CONTENT_TYPE) && pick.lets_through(&HeaderName::from_static("x-a")));
    }
}
