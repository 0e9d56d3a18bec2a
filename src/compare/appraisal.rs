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

/// How many sets are remembered; pairs of others stay what they were counted as. Ten fields that are noise independently
/// of each other make nearly as many.
const SETS_MAX: usize = 1024;

/// How many places all sets have together.
const PLACES_MAX: usize = 12_800;

/// The sets.
#[derive(Debug, Default)]
pub(super) struct Appraisal {
    sets: HashMap<u64, Set>,
    /// How many places they have together.
    places: usize,
}

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
        let places_then = self.places.saturating_add(places.len());
        let has_room = self.sets.len() < SETS_MAX && places_then <= PLACES_MAX;
        match self.sets.entry(hasher.finish()) {
            Entry::Occupied(mut set) => set.get_mut().pairs += 1,
            Entry::Vacant(free) if has_room => {
                self.places = places_then;
                let places = places.into_iter().map(|(path, kind)| (path.into(), kind)).collect();
                free.insert(Set { places, pairs: 1 });
            }
            Entry::Vacant(_) => {}
        }
    }

    /// How many pairs turn out to be noise, which are forgotten.
    pub(super) fn turned_out(&mut self, fields: &Fields) -> u64 {
        let is_noise = |set: &Set| set.places.iter().all(|(path, kind)| fields.is_noise(path, *kind));
        let mut pairs = 0;
        for (_, set) in self.sets.extract_if(|_, set| is_noise(set)) {
            pairs += set.pairs;
            self.places -= set.places.len();
        }
        pairs
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
    fn eight_fields_that_are_noise_independently_of_each_other_all_turn_out_to_be() {
        let names: Vec<String> = (0..8).map(|field| format!("$.{field}")).collect();
        let mut appraisal = Appraisal::default();
        for set in 1..256 {
            let paths = names.iter().enumerate().filter(|(field, _)| set >> field & 1 == 1);
            appraisal.remember(&differing(&paths.map(|(_, name)| name.as_str()).collect::<Vec<_>>()));
        }
        let paths: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut fields = fields(&paths);
        paths.iter().for_each(|path| assert!(fields.ignore(path, None)));
        assert_eq!((appraisal.turned_out(&fields), appraisal.places), (255, 0));
    }

    #[test]
    fn sets_are_bounded_in_number_and_size() {
        let mut appraisal = Appraisal::default();
        for number in 0..2 * SETS_MAX {
            appraisal.remember(&differing(&[&format!("$.{number}")]));
        }
        assert_eq!(appraisal.sets.len(), SETS_MAX);
        let mut appraisal = Appraisal::default();
        for number in 0..9 {
            let names: Vec<String> = (0..2000).map(|place| format!("$.{number}.{place}")).collect();
            appraisal.remember(&differing(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        assert_eq!(appraisal.sets.len(), PLACES_MAX / 2000);
    }
}
