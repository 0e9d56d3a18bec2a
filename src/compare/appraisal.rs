//! Pairs that counted as differing before it was known that what differs in them is noise.
//!
//! Noise is told from differences only when enough has been seen. What was seen until then would be held against the
//! shadow for ever, so pairs are remembered by the set of places where they differ, and counted anew when all places of
//! a set turn out to be noise. What was once counted as noise stays so.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Comparison, DifferenceKind, Fields};

/// How many sets are remembered; pairs of others stay what they were counted as.
const SETS_MAX: usize = 128;

/// How many places all sets have together.
const PLACES_MAX: usize = SETS_MAX * super::findings::DIFFERENCES_MAX;

/// The sets.
#[derive(Debug, Default)]
pub(super) struct Appraisal(HashMap<u64, Set>);

#[derive(Debug)]
struct Set {
    places: Vec<(Box<str>, DifferenceKind)>,
    pairs: u64,
}

impl Appraisal {
    /// Remembers a pair that counts as differing.
    pub(super) fn remember(&mut self, comparison: &Comparison) {
        if comparison.is_truncated {
            return;
        }
        let mut places: Vec<_> = comparison.fields().collect();
        places.sort_unstable();
        places.dedup();
        let mut hasher = DefaultHasher::new();
        places.hash(&mut hasher);
        let has_room = self.0.len() < SETS_MAX
            && self.0.values().map(|set| set.places.len()).sum::<usize>().saturating_add(places.len()) <= PLACES_MAX;
        match self.0.entry(hasher.finish()) {
            Entry::Occupied(mut set) => set.get_mut().pairs += 1,
            Entry::Vacant(free) if has_room => {
                let places = places.into_iter().map(|(path, kind)| (path.into(), kind)).collect();
                free.insert(Set { places, pairs: 1 });
            }
            Entry::Vacant(_) => {}
        }
    }

    /// How many pairs turn out to be noise, which are forgotten.
    pub(super) fn turned_out(&mut self, fields: &Fields) -> u64 {
        let is_noise = |set: &Set| set.places.iter().all(|(path, kind)| fields.is_noise(path, *kind));
        self.0.extract_if(|_, set| is_noise(set)).map(|(_, set)| set.pairs).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{
        compare::{Difference, Verdict},
        config::shadow::{Baseline, BaselineMode, Share},
    };

    fn differing(paths: &[&str]) -> Comparison {
        let difference = |path: &&str| Difference {
            path: (*path).into(),
            at: (*path).into(),
            kind: DifferenceKind::Value,
            live: None,
            shadow: None,
        };
        Comparison {
            verdict: Verdict::Mismatch,
            differences: paths.iter().map(difference).collect(),
            further: Vec::new(),
            is_truncated: false,
            ignored: 0,
        }
    }

    fn fields(paths: &[&str]) -> Fields {
        let mut fields = Fields::new(&Baseline { mode: BaselineMode::Off, sample: Share::NONE });
        let places = paths.iter().map(|path| (*path, DifferenceKind::Value));
        fields.record(places, None::<Vec<(&str, DifferenceKind)>>, SystemTime::UNIX_EPOCH);
        fields
    }

    #[test]
    fn pairs_turn_out_to_be_noise_once_when_all_that_differs_in_them_is() {
        let mut appraisal = Appraisal::default();
        for paths in [&["$.a"][..], &["$.a", "$.b"], &["$.b", "$.a"], &["$.c"]] {
            appraisal.remember(&differing(paths));
        }
        let mut fields = fields(&["$.a", "$.b", "$.c"]);
        assert_eq!(appraisal.turned_out(&fields), 0);
        fields.ignore("$.a", None);
        assert_eq!(appraisal.turned_out(&fields), 1);
        fields.ignore("$.b", None);
        assert_eq!((appraisal.turned_out(&fields), appraisal.turned_out(&fields)), (2, 0));
    }

    #[test]
    fn sets_are_bounded_in_number_and_size() {
        let mut appraisal = Appraisal::default();
        for number in 0..2 * SETS_MAX {
            appraisal.remember(&differing(&[&format!("$.{number}")]));
        }
        assert_eq!(appraisal.0.len(), SETS_MAX);
        let mut appraisal = Appraisal::default();
        for number in 0..9 {
            let names: Vec<String> = (0..2000).map(|place| format!("$.{number}.{place}")).collect();
            appraisal.remember(&differing(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        assert_eq!(appraisal.0.len(), PLACES_MAX / 2000);
    }
}
