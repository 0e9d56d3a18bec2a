//! Decides about all fields at one look.
//!
//! Why false alarms stay below [`FALSE_ALARMS`]: within one look Benjamini and Hochberg's procedure keeps the expected
//! share of wrong decisions among those made then, and so the chance of any where no field differs for real, below the
//! look's level. (It needs tests that are independent or rise and fall together, as fields of one answer do.) A field
//! counts as called different if one look ever called it so; the share of wrong ones among these is at most the sum of
//! the shares of the looks, since a look's own number of decisions is never more than that of all looks. The levels add
//! up to less than [`FALSE_ALARMS`] (`looks`). So it holds for the whole run, at any moment somebody looks at the
//! decisions, and whether or not they last. What the proof takes for granted is that pairs are independent of each other.
//!
//! Two things would make many fields expensive, and neither costs a guarantee. A field with too few differences on both
//! sides together to be ever called different at this level is left out of the count of fields; that depends only on the
//! sum, while the test takes the sum as given. And a field whose excess is too small to matter has the p-value 1, so that
//! it is in the count but never among the decisions.

use super::{Decision, evidence::Evidence};

/// The chance that a field is called different by mistake, in a whole run.
pub const FALSE_ALARMS: f64 = 0.05;

/// Fields called different by an earlier look become noise only if the test, on its own, finds nothing any more.
const DOUBTFUL: f64 = 0.05;

/// The largest p-value that counts as different at a look of this level; `None` if none does.
pub(super) fn limit(evidence: impl IntoIterator<Item = Evidence>, level: f64) -> Option<f64> {
    let telling = evidence.into_iter().filter(|field| field.p_value_least <= level);
    let mut values: Vec<f64> = telling.map(|field| field.p_value).collect();
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "there are some thousand fields")]
    let share = |rank: usize| (rank + 1) as f64 / values.len() as f64;
    let found = values.iter().enumerate().rev().find(|(rank, value)| **value <= level * share(*rank));
    found.map(|(_, value)| *value)
}

/// What becomes of a field, given what it was.
pub(super) fn decide(evidence: Evidence, limit: Option<f64>, before: Decision) -> Decision {
    let was_different = before == Decision::Different;
    if limit.is_some_and(|limit| evidence.p_value <= limit) {
        Decision::Different
    } else if evidence.is_comparable && (!was_different || evidence.p_value > DOUBTFUL) {
        Decision::Noise
    } else if was_different {
        Decision::Different
    } else {
        Decision::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(p_value: f64) -> Evidence {
        Evidence { p_value, p_value_least: 0.0, is_comparable: false }
    }

    #[test]
    fn limits_are_those_of_benjamini_and_hochberg() {
        let values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205];
        assert_eq!(limit(values.map(of), 0.05), Some(0.008));
        // A larger rank saves smaller ones that fail on their own.
        assert_eq!(limit([0.03, 0.04, 0.049].map(of), 0.05), Some(0.049));
        assert_eq!(limit([0.04, 0.9].map(of), 0.05), None);
        assert_eq!(limit([], 0.05), None);
    }

    #[test]
    fn fields_that_can_tell_nothing_cost_nothing() {
        let hopeless = Evidence { p_value: 0.5, p_value_least: 0.5, is_comparable: false };
        assert_eq!(limit([of(0.02)].into_iter().chain([hopeless; 1000]), 0.025), Some(0.02));
    }

    #[test]
    fn a_different_field_stays_so_until_it_is_surely_noise() {
        let of = |p_value, is_comparable| Evidence { p_value, p_value_least: 0.0, is_comparable };
        let (different, undecided) = (Decision::Different, Decision::Undecided);
        assert_eq!(decide(of(0.001, true), Some(0.001), undecided), different);
        assert_eq!(decide(of(0.03, true), None, different), different);
        assert_eq!(decide(of(0.5, false), None, different), different);
        assert_eq!(decide(of(0.5, true), None, different), Decision::Noise);
        assert_eq!(decide(of(0.03, true), None, undecided), Decision::Noise);
        assert_eq!(decide(of(0.03, false), None, Decision::Noise), undecided);
    }
}
