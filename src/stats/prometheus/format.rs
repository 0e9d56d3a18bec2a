//! The two formats of an exposition: what Prometheus has always read, and the standard that came of it.

use std::borrow::Cow;

/// How the text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    #[default]
    Text,
    /// OpenMetrics 1.0, which also has units and exemplars.
    OpenMetrics,
}

impl Format {
    /// The `Content-Type` of the text.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The bound of a bucket as it is written: OpenMetrics wants whole numbers to look like what they are, floats.
    pub(super) fn bound(self, label: &str) -> Cow<'_, str> {
        match self {
            Self::OpenMetrics if !label.contains('.') => format!("{label}.0").into(),
            Self::OpenMetrics | Self::Text => label.into(),
        }
    }
}

/// What sort of numbers a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers that only grow; their names end in `_total`.
    Counter,
    /// Numbers that rise and fall.
    Gauge,
    /// How many durations lie in which bucket.
    Histogram,
    /// Always 1, with what is to be told in labels; the name ends in `_info`.
    Info,
}

impl Kind {
    /// How a format calls it, and what its families are called there: in OpenMetrics the ends of some names belong to the
    /// samples only.
    pub(super) fn of_family(self, name: &str, format: Format) -> (&'static str, &str) {
        let without = |end| name.strip_suffix(end).unwrap_or(name);
        match (self, format) {
            (Self::Counter, Format::Text) => ("counter", name),
            (Self::Counter, Format::OpenMetrics) => ("counter", without("_total")),
            (Self::Info, Format::OpenMetrics) => ("info", without("_info")),
            (Self::Gauge, _) | (Self::Info, Format::Text) => ("gauge", name),
            (Self::Histogram, _) => ("histogram", name),
        }
    }
}

/// The unit that a family's name ends in, if it has one.
pub(super) fn unit(family: &str) -> Option<&'static str> {
    ["seconds", "bytes"].into_iter().find(|unit| family.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
}
