//! Exact tail probabilities of counts, for counts up to some 10^8.
//!
//! The first term comes from factorials, each further one from the one before it, until they no longer add anything:
//! about ten standard deviations of work. The relative error is that of the first term, below 10^-6 at 10^7.

/// A term this much smaller than the sum ends it.
const NEGLIGIBLE: f64 = 1e-17;

/// The chance of at least so many hits in independent trials, each with this `chance`, between 0 and 1.
pub(super) fn binomial_at_least(hits: u64, trials: u64, chance: f64) -> f64 {
    if hits == 0 {
        1.0
    } else if hits > trials {
        0.0
    } else if float(hits) > float(trials) * chance {
        upper_binomial(hits, trials, chance)
    } else {
        // The smaller tail is the one that can be summed without losing digits.
        1.0 - upper_binomial(trials - hits + 1, trials, 1.0 - chance)
    }
}

/// Fisher's test: the chance that at least `hits` of all hits fall among these `trials`, if it is by chance that they fall
/// there or among the other trials. There are no more hits than trials on either side.
pub(super) fn fisher_at_least(hits: u64, trials: u64, other_hits: u64, other_trials: u64) -> f64 {
    let all_hits = float(hits) + float(other_hits);
    if hits == 0 {
        1.0
    } else if float(hits) * (float(trials) + float(other_trials)) > all_hits * float(trials) {
        upper_hypergeometric(hits, trials, other_hits, other_trials)
    } else if other_hits == other_trials {
        1.0
    } else {
        1.0 - upper_hypergeometric(other_hits + 1, other_trials, hits - 1, trials)
    }
}

/// With more hits than are expected.
fn upper_binomial(hits: u64, trials: u64, chance: f64) -> f64 {
    let misses = trials - hits;
    let first = ln_choose(trials, hits) + float(hits) * chance.ln() + float(misses) * (1.0 - chance).ln();
    let odds = chance / (1.0 - chance);
    sum(first, misses, |step| float(misses - step) / float(hits + step + 1) * odds)
}

/// With more hits than are expected.
fn upper_hypergeometric(hits: u64, trials: u64, other_hits: u64, other_trials: u64) -> f64 {
    let first = ln_choose(trials, hits) + ln_choose(other_trials, other_hits)
        - ln_choose(trials + other_trials, hits + other_hits);
    let (misses, other_misses) = (trials - hits, other_trials - other_hits);
    sum(first, misses.min(other_hits), |step| {
        let more = float(misses - step) * float(other_hits - step);
        more / (float(hits + step + 1) * float(other_misses + step + 1))
    })
}

/// The sum of a first term, given by its logarithm, and so many more; `ratio` says by which factor the next one differs.
fn sum(ln_first: f64, more: u64, ratio: impl Fn(u64) -> f64) -> f64 {
    let mut term = ln_first.exp();
    let mut sum = term;
    for step in 0..more {
        term *= ratio(step);
        sum += term;
        if term <= sum * NEGLIGIBLE {
            break;
        }
    }
    sum.min(1.0)
}

fn ln_choose(of: u64, chosen: u64) -> f64 {
    ln_factorial(of) - ln_factorial(chosen) - ln_factorial(of - chosen)
}

/// The logarithm of n!: Stirling's series, and the product itself where that is too coarse.
fn ln_factorial(of: u64) -> f64 {
    if of < 16 {
        return (2..=of).map(float).product::<f64>().ln();
    }
    let n = float(of);
    let square = n * n;
    let correction = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * square)) / square) / n;
    n * n.ln() - n + (std::f64::consts::TAU * n).ln() / 2.0 + correction
}

#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(of: u64, chosen: u64) -> u128 {
        (0..chosen).fold(1, |product, step| product * u128::from(of - step) / u128::from(step + 1))
    }

    fn assert_near(found: f64, exact: f64) {
        assert!((found - exact).abs() <= exact * 1e-9, "{found:e} for {exact:e}");
    }

    proptest! {
        #[test]
        fn tails_of_even_odds_are_those_of_whole_numbers((trials, hits) in (0_u64..=100).prop_flat_map(|trials| (Just(trials), 0..=trials))) {
            let ways: u128 = (hits..=trials).map(|hits| choose(trials, hits)).sum();
            assert_near(binomial_at_least(hits, trials, 0.5), ways as f64 / (1_u128 << trials) as f64);
        }

        #[test]
        fn tails_of_uneven_odds_are_those_of_whole_numbers((trials, hits) in (0_u64..=60).prop_flat_map(|trials| (Just(trials), 0..=trials))) {
            let ways: f64 = (hits..=trials).map(|hits| choose(trials, hits) as f64 * 2_f64.powi(hits as i32)).sum();
            assert_near(binomial_at_least(hits, trials, 2.0 / 3.0), ways / 3_f64.powi(trials as i32));
        }

        #[test]
        fn fishers_tails_are_those_of_whole_numbers(
            (trials, hits) in (1_u64..=50).prop_flat_map(|trials| (Just(trials), 0..=trials)),
            (other_trials, other_hits) in (0_u64..=50).prop_flat_map(|trials| (Just(trials), 0..=trials)),
        ) {
            let all = hits + other_hits;
            let ways: u128 = (hits..=trials.min(all))
                .filter(|hits| all - hits <= other_trials)
                .map(|hits| choose(trials, hits) * choose(other_trials, all - hits))
                .sum();
            let exact = ways as f64 / choose(trials + other_trials, all) as f64;
            assert_near(fisher_at_least(hits, trials, other_hits, other_trials), exact);
        }

        #[test]
        fn any_counts_give_a_probability(hits in 0_u64..20_000_000, misses in 0_u64..20_000_000, other in 0_u64..1000) {
            for found in [
                binomial_at_least(hits, hits + misses, 0.5),
                fisher_at_least(hits, hits + misses, other, other + misses),
                fisher_at_least(other, other + misses, hits, hits + misses),
            ] {
                prop_assert!((0.0..=1.0).contains(&found), "{found}");
            }
        }
    }

    #[test]
    fn seven_to_none_is_the_example_of_the_docs() {
        assert_near(binomial_at_least(7, 7, 0.5), 1.0 / 128.0);
    }

    #[test]
    fn large_counts_agree_with_the_normal_distribution() {
        // Three standard deviations and a half step for whole numbers: 0.001349898.
        let trials = 10_000_000_u64;
        let hits = (5_000_000.5 + 3.0 * (2_500_000_f64).sqrt()).round() as u64;
        let found = binomial_at_least(hits, trials, 0.5);
        assert!((found / 0.001_349_898 - 1.0).abs() < 0.005, "{found}");
        // The chances of both tails and of what lies between them are 1.
        let between = binomial_at_least(trials - hits + 1, trials, 0.5) - found;
        assert!((between + 2.0 * found - 1.0).abs() < 1e-6, "{between}");
    }

    #[test]
    fn factorials_agree_where_the_methods_meet() {
        let product: f64 = (2..=16).map(float).product();
        assert!((ln_factorial(16) - product.ln()).abs() < 1e-11);
        assert_near(ln_factorial(15) + 16_f64.ln(), ln_factorial(16));
    }
}
