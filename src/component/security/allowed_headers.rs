//! Which request headers a preflight may ask for, compared as the Fetch standard has browsers write them.
//!
//! Promises: a list that is not in lower case, sorted and without doubles is refused even if every name is allowed;
//! the work is bounded by the number of names, not by what a client sends.

use http::HeaderValue;

/// Empty elements between commas that are still put up with.
const EMPTY_ELEMENTS_MAX: usize = 16;

/// The names allowed.
#[derive(Debug)]
pub(super) enum AllowedHeaders {
    /// Every name.
    Any,
    /// These, in lower case and sorted.
    Listed(Vec<String>),
}

impl AllowedHeaders {
    /// The names as the file writes them; `*` stands for all.
    pub(super) fn new(written: &[String]) -> Self {
        if written.iter().any(|name| name == "*") {
            return Self::Any;
        }
        let mut names: Vec<String> = written.iter().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        Self::Listed(names)
    }

    /// Whether every name in these lines is allowed.
    pub(super) fn accept(&self, lines: &[&HeaderValue]) -> bool {
        let Self::Listed(names) = self else { return true };
        let (mut next, mut empty) = (0, 0);
        for element in lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')) {
            match trimmed(element) {
                None => return false,
                Some([]) => empty += 1,
                Some(name) => {
                    let place = names.binary_search_by(|held| held.as_bytes().cmp(name));
                    match place {
                        Ok(place) if place >= next => next = place + 1,
                        _ => return false,
                    }
                }
            }
            if empty > EMPTY_ELEMENTS_MAX {
                return false;
            }
        }
        true
    }
}

/// The name without at most one blank on either side; `None` when there are more.
fn trimmed(element: &[u8]) -> Option<&[u8]> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let element = match element.split_first() {
        Some((first, rest)) if is_blank(first) => rest,
        _ => element,
    };
    let element = match element.split_last() {
        Some((last, rest)) if is_blank(last) => rest,
        _ => element,
    };
    let blank = element.first().is_some_and(is_blank) || element.last().is_some_and(is_blank);
    (!blank).then_some(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sorted_unique_lower_case_names_are_accepted() {
        let allowed = AllowedHeaders::new(&["Authorization".to_owned(), "Content-Type".to_owned()]);
        for (line, accepted) in [
            ("authorization,content-type", true),
            ("authorization, content-type", true),
            ("content-type", true),
            ("", true),
            (",,authorization", true),
            ("content-type,authorization", false),
            ("Authorization", false),
            ("authorization,authorization", false),
            ("authorization,  content-type", false),
            ("x-other", false),
            (",,,,,,,,,,,,,,,,,", false),
        ] {
            let value = HeaderValue::from_static(line);
            assert_eq!(allowed.accept(&[&value]), accepted, "{line}");
        }
    }

    #[test]
    fn a_star_accepts_anything() {
        let value = HeaderValue::from_static("Zzz,A");
        assert!(AllowedHeaders::new(&["*".to_owned()]).accept(&[&value]));
    }
}
