//! When two scalars of one type are the same: when they mean the same, or when any rule for their place says so.

use std::borrow::Cow;

use crate::config::shadow::StringRule;

use super::{decimal, document::Content, moment, place::Sayings, shape::Shape};

/// Whether two scalars of the same type are the same.
pub(super) fn is_same(live: Content<'_>, shadow: Content<'_>, sayings: &Sayings<'_>) -> bool {
    match (live, shadow) {
        (Content::Null, Content::Null) => true,
        (Content::Bool(live), Content::Bool(shadow)) => live == shadow,
        (Content::Number(live), Content::Number(shadow)) => {
            decimal::is_same(live, shadow)
                || sayings.tolerance.is_some_and(|tolerance| decimal::is_close(live, shadow, *tolerance))
                || is_alike(live, shadow, sayings)
        }
        (Content::Text(live), Content::Text(shadow)) => {
            if live.is_same(shadow) {
                return true;
            }
            if sayings.string.is_none() && sayings.within.is_none() && sayings.shape.is_none() {
                return false;
            }
            let (live, shadow) = (live.meaning(), shadow.meaning());
            sayings.string.is_some_and(|rule| bare(&live, *rule) == bare(&shadow, *rule))
                || is_alike(&live, &shadow, sayings)
        }
        _ => false,
    }
}

fn is_alike(live: &str, shadow: &str, sayings: &Sayings<'_>) -> bool {
    sayings.within.is_some_and(|within| moment::is_near(live, shadow, *within))
        || sayings.shape.is_some_and(|shape| has_one_shape(live, shadow, shape))
}

fn has_one_shape(live: &str, shadow: &str, shape: &Shape) -> bool {
    let class = shape.class(live);
    class.is_some() && class == shape.class(shadow)
}

/// A string without what does not matter of it.
pub(super) fn bare(text: &str, rule: StringRule) -> Cow<'_, str> {
    let text = if rule.trims { text.trim() } else { text };
    if rule.ignores_case { text.chars().map(folded).collect::<String>().into() } else { text.into() }
}

/// A letter without its case, as far as one letter stands for one.
fn folded(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    // Through upper case, because some letters have two small forms, such as the Greek sigma.
    let upper = single(letter.to_uppercase()).unwrap_or(letter);
    single(upper.to_lowercase()).unwrap_or(letter)
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next()?;
    letters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_ends_do_not_matter_where_the_rule_says_so() {
        let both = StringRule { ignores_case: true, trims: true };
        for (live, shadow) in [("  Ada ", "ADA"), ("ΣΟΦΟΣ", "σοφος"), ("σοφος", "σοφοσ"), ("Ü\n", "ü")]
        {
            assert_eq!(bare(live, both), bare(shadow, both));
        }
        assert_ne!(bare("a b", both), bare("ab", both));
        assert_ne!(bare("A", StringRule { trims: true, ..StringRule::default() }), "a");
    }
}
