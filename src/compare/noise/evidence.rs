//! What the counts of one field say, for and against.
//!
//! Two questions, each with an exact test. *Does the shadow differ more often?* With second live answers to the same
//! requests, only the pairs in which one of both differs tell: if the shadow is no worse, each of them is the shadow's
//! with a chance of at most a half, whatever the noise and however it depends on the request. With noise that was learned
//! before there are no such pairs, and Fisher's test compares two shares. (The interval of Newcombe, made of Wilson's, is
//! no replacement: with one difference in 50 pairs its lower bound fails some ten times as often as it says.)
//! *Does the baseline differ about as often?* What must be ruled out, at 5 %, is that the shadow differs (of pairs: where
//! the baseline does not) twice as often as the baseline; for that the baseline must have been seen to differ, three
//! times at least.

use super::{
    count::Field,
    tail::{binomial_at_least, fisher_at_least, float},
};

/// A shadow that differs more often by less than this share of the pairs does not matter.
const EFFECT_MIN: f64 = 0.000_5;

/// How often the claim may be wrong that the baseline is noisy enough.
const COMPARABLE: f64 = 0.05;

/// How often the shadow may differ for each time the baseline does, for its noise to be comparable.
const TIMES: f64 = 2.0;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    /// The chance that a shadow no worse than the baseline differs so much more often; 1 below [`EFFECT_MIN`].
    pub(super) p_value: f64,
    /// The least that could have come out with as many differences on both sides together.
    pub(super) p_value_least: f64,
    /// Whether the baseline surely differs often enough for the field to be noise.
    pub(super) is_comparable: bool,
}

/// So many pairs that differ, of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) hits: u64,
    pub(super) of: u64,
}

/// From pairs with a second live answer.
pub(super) fn paired(field: &Field, baseline_pairs: u64) -> Evidence {
    let (shadow, baseline) = (field.only_shadow(), field.only_baseline());
    let excess = (float(shadow) - float(baseline)) / float(baseline_pairs.max(1));
    let tells = shadow + baseline;
    // Of the pairs in which the baseline differs or only the shadow does, the latter would be two thirds.
    let comparable = binomial_at_least(field.baseline, shadow + field.baseline, 1.0 / (1.0 + TIMES));
    Evidence {
        p_value: if excess < EFFECT_MIN { 1.0 } else { binomial_at_least(shadow, tells, 0.5) },
        p_value_least: 0.5_f64.powf(float(tells)),
        is_comparable: field.baseline > 0 && comparable <= COMPARABLE,
    }
}

/// From all pairs, and from noise that was learned before and counts with this `weight`, 0 to 1, since it grows old.
pub(super) fn learned(shadow: Share, noise: Share, weight: f64) -> Evidence {
    let of = float(noise.of) * weight;
    let weighed = float(noise.hits) * weight;
    // Rounded to the side on which either claim is harder to make.
    let (least, most) = (whole(weighed.floor()), whole(weighed.ceil()));
    let of = whole(of.round()).max(most);
    let excess = float(shadow.hits) / float(shadow.of.max(1)) - float(most) / float(of.max(1));
    let chance = float(of) / (float(of) + TIMES * float(shadow.of));
    let comparable = binomial_at_least(least, shadow.hits + least, chance);
    let p_value = || fisher_at_least(shadow.hits, shadow.of, most, of);
    let all = (shadow.hits + most).min(shadow.of);
    Evidence {
        p_value: if excess < EFFECT_MIN { 1.0 } else { p_value() },
        p_value_least: fisher_at_least(all, shadow.of, shadow.hits + most - all, of),
        is_comparable: least > 0 && comparable <= COMPARABLE,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn whole(number: f64) -> u64 {
    number as u64
}
