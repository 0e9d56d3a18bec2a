//! Diffy's fixed limits.
//!
//! They look at rates without asking what chance may have added: with few pairs almost anything passes them, with many a
//! regression on a noisy field never does. They are there for people who know them.

use super::{Decision, count::Field};

/// One of so many: the least difference of both counts, as a share of their sum; a fifth.
const RELATIVE: u64 = 5;

/// So many of [`ABSOLUTE_OF`]: the least difference of both counts, as a share of the pairs; 0.03 %.
const ABSOLUTE: u64 = 3;
const ABSOLUTE_OF: u64 = 10_000;

/// What Diffy takes the field for after so many pairs with a second live answer.
pub(super) const fn decide(field: &Field, baseline_pairs: u64) -> Decision {
    let (raw, noise) = (field.shadow, field.baseline);
    if raw + noise == 0 {
        return Decision::Undecided;
    }
    let more = raw.saturating_sub(noise);
    if more * RELATIVE > raw + noise && more * ABSOLUTE_OF > baseline_pairs * ABSOLUTE {
        Decision::Different
    } else {
        Decision::Noise
    }
}
