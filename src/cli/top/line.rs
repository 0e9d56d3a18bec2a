//! A line of the screen: texts with the tones they are said in.

use crossterm::style::{Attribute, Color, ResetColor, SetAttribute, SetForegroundColor};

use super::text::{cut, width};

/// How a text is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As any other.
    #[default]
    Plain,
    /// As a title.
    Title,
    /// By the way.
    Quiet,
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
}

/// Whether tones are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tones {
    /// As colours and weights.
    Shown,
    /// Not at all.
    Unshown,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(String, Tone)>);

impl Line {
    /// A line of one text.
    pub(super) fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self(vec![(text.into(), tone)])
    }

    /// The same with a text at its end.
    #[must_use]
    pub(super) fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.0.push((text.into(), tone));
        self
    }

    /// The same in so many columns at most.
    #[must_use]
    pub(super) fn fitted(self, columns: usize) -> Self {
        let mut left = columns;
        let spans = self.0.into_iter().map_while(|(text, tone)| {
            if left == 0 {
                return None;
            }
            let text = cut(&text, left);
            left -= width(&text).min(left);
            Some((text, tone))
        });
        Self(spans.collect())
    }

    /// What it says.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// What is written to a terminal to have it say so.
    pub(super) fn written(&self, tones: Tones) -> String {
        let spans = self.0.iter().map(|(text, tone)| match (tones, tone) {
            (Tones::Unshown, _) | (_, Tone::Plain) => text.clone(),
            (_, Tone::Title) => format!("{}{text}{}", SetAttribute(Attribute::Bold), SetAttribute(Attribute::Reset)),
            (_, Tone::Quiet) => format!("{}{text}{}", SetAttribute(Attribute::Dim), SetAttribute(Attribute::Reset)),
            (_, Tone::Good) => format!("{}{text}{ResetColor}", SetForegroundColor(Color::Green)),
            (_, Tone::Bad) => format!("{}{text}{ResetColor}", SetForegroundColor(Color::Red)),
        });
        spans.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_shown_only_where_they_may_be() {
        let line = Line::of("all ", Tone::Plain).and("well", Tone::Good).and("?", Tone::Title);
        assert_eq!(line.written(Tones::Unshown), "all well?");
        assert_eq!(line.text(), "all well?");
        assert!(line.written(Tones::Shown).contains("\u{1b}["));
    }

    #[test]
    fn a_line_is_cut_where_the_screen_ends() {
        let line = Line::of("one ", Tone::Plain).and("two", Tone::Bad).and("three", Tone::Quiet);
        for (columns, text) in [(20, "one twothree"), (8, "one two…"), (7, "one two"), (5, "one …"), (0, "")] {
            assert_eq!(line.clone().fitted(columns).text(), text);
        }
    }
}
