//! SRV records → addresses, each as often as its weight says.
//!
//! As in the original only records of the lowest priority count, and the list is made as short as its weights allow,
//! at most a hundred long. Unlike there, weights of zero don't make hosts disappear when all are zero.

use http::uri::{Authority, Scheme};

use crate::plan::Base;

/// How long a list of repeated addresses may get.
const LENGTH_MAX: u64 = 100;
/// How many records of one answer are looked at; the rest is left out.
const RECORDS_MAX: usize = 1000;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Srv {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    /// The host's name, as it was answered.
    pub(super) target: String,
}

/// The addresses that take calls, repeated by weight, in the order of their names.
pub(super) fn addresses(mut records: Vec<Srv>, scheme: &Scheme) -> Vec<Base> {
    records.truncate(RECORDS_MAX);
    let Some(best) = records.iter().map(|record| record.priority).min() else { return Vec::new() };
    records.retain(|record| record.priority == best);
    records.sort_by(|one, two| (&one.target, one.port).cmp(&(&two.target, two.port)));
    let weights = compact(&records.iter().map(|record| u64::from(record.weight)).collect::<Vec<_>>());
    let repeated = records.iter().zip(weights).filter_map(|(record, weight)| {
        let base = base(record, scheme)?;
        Some(std::iter::repeat_n(base, usize::try_from(weight).unwrap_or(0)))
    });
    repeated.flatten().collect()
}

/// The name without the dot that ends it: hosts know themselves without.
fn base(record: &Srv, scheme: &Scheme) -> Option<Base> {
    let name = record.target.trim_end_matches('.');
    let authority: Authority = format!("{name}:{}", record.port).parse().ok()?;
    let is_host = !name.is_empty() && authority.host() == name;
    is_host.then(|| Base { scheme: scheme.clone(), authority, prefix: String::new() })
}

/// The same shares in the smallest numbers, scaled to a sum of [`LENGTH_MAX`] when it is larger.
fn compact(weights: &[u64]) -> Vec<u64> {
    let sum: u64 = weights.iter().sum();
    let scaled: Vec<u64> = match sum > LENGTH_MAX {
        true => weights.iter().map(|weight| weight * LENGTH_MAX / sum).collect(),
        false => weights.to_vec(),
    };
    match scaled.iter().fold(0, |divisor, weight| greatest_common_divisor(divisor, *weight)) {
        // None has a weight, or so many share that none has a hundredth: all are alike.
        0 => vec![1; weights.len()],
        divisor => scaled.iter().map(|weight| weight / divisor).collect(),
    }
}

fn greatest_common_divisor(mut one: u64, mut two: u64) -> u64 {
    while two != 0 {
        (one, two) = (two, one % two);
    }
    one
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> Srv {
        Srv { priority, weight, port: 80, target: target.to_owned() }
    }

    fn names(records: &[(u16, u16, &str)]) -> Vec<String> {
        let records = records.iter().map(|(priority, weight, target)| record(*priority, *weight, target));
        let bases = addresses(records.collect(), &Scheme::HTTP);
        bases.iter().map(|base| base.authority.host().to_owned()).collect()
    }

    #[test]
    fn weights_are_repetitions_in_the_smallest_numbers() {
        assert_eq!(names(&[(1, 20, "b."), (1, 10, "a.")]), ["a", "b", "b"]);
        assert_eq!(names(&[(1, 7, "a."), (1, 0, "b.")]), ["a"]);
        assert_eq!(names(&[(1, 60_000, "a."), (1, 20_000, "b.")]), ["a", "a", "a", "b"]);
        // Less than a hundredth is nothing, as in the original.
        assert_eq!(names(&[(1, 60_000, "a."), (1, 1, "b.")]), ["a"]);
    }

    #[test]
    fn only_the_lowest_priority_counts() {
        assert_eq!(names(&[(2, 1, "b."), (1, 1, "a."), (2, 9, "c.")]), ["a"]);
        assert!(names(&[]).is_empty());
    }

    #[test]
    fn hosts_that_all_weigh_nothing_are_alike() {
        assert_eq!(names(&[(1, 0, "a."), (1, 0, "b.")]), ["a", "b"]);
    }

    #[test]
    fn what_is_no_host_is_left_out() {
        assert_eq!(names(&[(1, 1, "."), (1, 1, "u@evil."), (1, 1, "a/b."), (1, 1, "c.")]), ["c"]);
    }

    proptest! {
        #[test]
        fn lists_are_short_and_shares_are_kept(weights in prop::collection::vec(any::<u16>(), 1..300)) {
            let weights: Vec<u64> = weights.into_iter().map(u64::from).collect();
            let compacted = compact(&weights);
            prop_assert!(compacted.iter().sum::<u64>() <= LENGTH_MAX.max(weights.len() as u64));
            prop_assert!(compacted.iter().any(|weight| *weight > 0));
            let largest = weights.iter().max().unwrap();
            for (before, after) in weights.iter().zip(&compacted) {
                prop_assert!(before < largest || after == compacted.iter().max().unwrap());
            }
        }
    }
}
