//! Diffy's fixed limits.
//!
//! They look at rates without asking what chance may have added: with few pairs almost anything passes them, with many a
//! regression on a noisy field never does. They are there for people who know them.

use super::{Decision, count::Field, tail::float};

/// The least difference of both counts, as a share of their sum.
const RELATIVE: f64 = 0.20;

/// The least difference of both counts, as a share of the pairs.
const ABSOLUTE: f64 = 0.000_3;

/// What Diffy takes the field for after so many pairs with a second live answer.
pub(super) fn decide(field: &Field, baseline_pairs: u64) -> Decision {
    if baseline_pairs == 0 {
        return Decision::Undecided;
    }
    let (raw, noise) = (float(field.shadow), float(field.baseline));
    let more = raw - noise;
    let is_different = more > RELATIVE * (raw + noise) && more > ABSOLUTE * float(baseline_pairs);
    if is_different { Decision::Different } else { Decision::Noise }
}
