//! What may be reported about a call: how it ended.

/// How a call to a backend ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The upstream answered with this status.
    Status(u16),
    /// There was no answer; the label of the failure's kind.
    Failed(&'static str),
}

/// The number of classes of statuses.
pub const CLASSES: usize = 6;

/// The labels of the classes, by [`class`]; a status outside 100–599 is `other`.
pub const CLASS_LABELS: [&str; CLASSES] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The class of server errors.
pub const CLASS_5XX: usize = 5;

/// The class of a status: a place in [`CLASS_LABELS`].
#[must_use]
pub fn class(status: u16) -> usize {
    let hundreds = usize::from(status / 100);
    if (1..CLASSES).contains(&hundreds) { hundreds } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_class() {
        for status in 0..=u16::MAX {
            let label = CLASS_LABELS[class(status)];
            match status {
                100..=599 => assert_eq!(label, format!("{}xx", status / 100)),
                _ => assert_eq!(label, "other"),
            }
        }
    }
}
