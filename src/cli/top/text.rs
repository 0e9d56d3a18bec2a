//! Texts of a gateway as a terminal may show them.
//!
//! Promises: nothing of what is shown is a command to the terminal or hides, turns round or joins what stands beside it;
//! no text is wider than it is said to be.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in which what can't be seen is written out: `\u{1b}`.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_seen(letter) { shown.push(letter) } else { shown.extend(letter.escape_unicode()) }
    }
    shown
}

/// Whether a letter is one that takes a place of its own on the screen.
fn is_seen(letter: char) -> bool {
    !letter.is_control() && letter.width().is_some_and(|width| width > 0)
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a text that takes no more columns than these; what is left out is marked.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        let more = letter.width().unwrap_or(0);
        if taken + more >= columns {
            break;
        }
        taken += more;
        kept.push(letter);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_commands_or_confuses_a_terminal_is_written_out() {
        for (text, shown) in [
            ("GET:/größe/{id}:0", "GET:/größe/{id}:0"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\nb\r\t\u{7}", "a\\u{a}b\\u{d}\\u{9}\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("e\u{301}", "e\\u{301}"),
            ("日本", "日本"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    #[test]
    fn texts_are_cut_by_the_columns_they_take() {
        for (text, columns, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, columns), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left_and_cuts_fit(text in any::<String>(), columns in 0_usize..40) {
            let shown = escaped(&text);
            prop_assert!(shown.chars().all(is_seen), "{:?}", shown);
            prop_assert!(width(&cut(&shown, columns)) <= columns);
        }
    }
}
