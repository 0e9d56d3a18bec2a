//! Regular expressions as files write them for Go's RE2, searched in raw bytes of headers.
//!
//! Promises: takes time linear in the text, as the original does; `\w`, `\d`, `\s` and `\b` mean ASCII, as there.

use regex::bytes::{RegexSet, RegexSetBuilder};

/// Bytes all expressions of one list may take when compiled.
const COMPILED_BYTES_MAX: usize = 16 << 20;

/// A list of expressions of which any may match.
#[derive(Clone, Debug)]
pub struct Patterns(RegexSet);

impl Patterns {
    /// Compiles all of them.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be, on one line.
    pub fn new(expressions: &[String]) -> Result<Self, String> {
        let compiled = |unicode| {
            RegexSetBuilder::new(expressions).unicode(unicode).size_limit(COMPILED_BYTES_MAX).build().map(Self)
        };
        // Classes of characters beyond ASCII exist only with Unicode; the rest must mean what it means in Go.
        compiled(false).or_else(|_unicode| compiled(true)).map_err(|error| one_line(&error.to_string()))
    }

    /// Whether any of them is found in `text`.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

/// The last line of an error of the parser, which says what is wrong below a drawing of where.
fn one_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expression: &str, text: &str) -> bool {
        Patterns::new(&[expression.to_owned()]).unwrap().is_match(text.as_bytes())
    }

    #[test]
    fn expressions_search_and_mean_ascii_as_in_go() {
        assert!(matches("b.t", "a bot b"));
        assert!(!matches(r"^\w$", "é"));
        assert!(matches(r"^\p{Greek}$", "α"));
        assert!(matches("(?i)GOOGLE", "xgooglex"));
    }

    #[test]
    fn what_is_wrong_fits_on_a_line() {
        let error = Patterns::new(&["(a".to_owned()]).unwrap_err();
        assert_eq!(error, "unclosed group");
    }
}
