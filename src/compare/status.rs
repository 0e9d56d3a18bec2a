//! Comparing two statuses.

use http::StatusCode;
use xxhash_rust::xxh3::xxh3_64;

use crate::config::shadow::StatusRule;

use super::{DifferenceKind, Excerpt, ValueKind, field_names::STATUS, findings::Findings};

/// Compares two statuses.
pub(super) fn compare(rule: &StatusRule, live: StatusCode, shadow: StatusCode, findings: &mut Findings<'_>) {
    if !is_same(rule, live.as_u16(), shadow.as_u16()) {
        findings.add(STATUS, "status", DifferenceKind::Status, (Some(excerpt(live)), Some(excerpt(shadow))));
    }
}

fn is_same(rule: &StatusRule, live: u16, shadow: u16) -> bool {
    live == shadow
        || match rule {
            StatusRule::Exact => false,
            StatusRule::Class => live / 100 == shadow / 100,
            StatusRule::Map(allowed) => {
                allowed.iter().any(|(status, others)| *status == live && others.contains(&shadow))
            }
        }
}

fn excerpt(status: StatusCode) -> Excerpt {
    Excerpt::new(ValueKind::Number, status.as_str(), xxh3_64(status.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_says_which_statuses_are_the_same() {
        let map = StatusRule::Map(vec![(200, vec![200, 204]), (404, vec![410])]);
        for (rule, live, shadow, same) in [
            (&StatusRule::Exact, 200, 200, true),
            (&StatusRule::Exact, 200, 201, false),
            (&StatusRule::Class, 200, 201, true),
            (&StatusRule::Class, 299, 300, false),
            (&map, 200, 204, true),
            (&map, 204, 200, false),
            (&map, 404, 410, true),
            (&map, 404, 404, true),
            (&map, 500, 500, true),
            (&map, 500, 502, false),
        ] {
            assert_eq!(is_same(rule, live, shadow), same, "{rule:?} {live} {shadow}");
        }
    }
}
