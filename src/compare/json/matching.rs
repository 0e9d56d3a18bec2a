//! Pairing as many elements of two lists as can be, where being the same is no equivalence: 1 and 3 may both be close to 2
//! and not to each other.

/// More possible pairs than this are not tried.
const PAIRS_MAX: usize = 1 << 16;

/// Which elements are left without a partner, on both sides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) live: Vec<usize>,
    pub(super) shadow: Vec<usize>,
}

/// Pairs `lives` elements with `shadows` others. `is_same` is asked once for each possible pair; `work` is told how much
/// is done besides. `None` if there are too many.
pub(super) fn pair(
    lives: usize,
    shadows: usize,
    mut is_same: impl FnMut(usize, usize) -> bool,
    mut work: impl FnMut(usize) -> bool,
) -> Option<Left> {
    if lives.checked_mul(shadows).is_none_or(|pairs| pairs > PAIRS_MAX) {
        return None;
    }
    let mut fitting: Vec<Vec<usize>> = Vec::with_capacity(lives);
    for live in 0..lives {
        fitting.push((0..shadows).filter(|shadow| is_same(live, *shadow)).collect());
    }
    let mut pairs = Pairs { of_live: vec![None; lives], of_shadow: vec![None; shadows] };
    for live in 0..lives {
        if !pairs.add(live, &fitting, &mut work) {
            return None;
        }
    }
    let free = |partners: &[Option<usize>]| {
        partners.iter().enumerate().filter(|(_, partner)| partner.is_none()).map(|(place, _)| place).collect()
    };
    Some(Left { live: free(&pairs.of_live), shadow: free(&pairs.of_shadow) })
}

/// Who belongs to whom so far.
struct Pairs {
    of_live: Vec<Option<usize>>,
    of_shadow: Vec<Option<usize>>,
}

impl Pairs {
    /// Finds a partner for one more, moving others to other partners where that helps (an augmenting path, breadth
    /// first). Whether there was room for the work.
    fn add(&mut self, live: usize, fitting: &[Vec<usize>], work: &mut impl FnMut(usize) -> bool) -> bool {
        let mut reached_from = vec![None; self.of_shadow.len()];
        let mut waiting = std::collections::VecDeque::from([live]);
        while let Some(from) = waiting.pop_front() {
            let shadows = fitting.get(from).map(Vec::as_slice).unwrap_or_default();
            if !work(1 + shadows.len() / 8) {
                return false;
            }
            for &shadow in shadows {
                let Some(reached) = reached_from.get_mut(shadow).filter(|reached| reached.is_none()) else { continue };
                *reached = Some(from);
                match self.of_shadow.get(shadow).copied().flatten() {
                    Some(taken) => waiting.push_back(taken),
                    None => {
                        self.turn(shadow, &reached_from);
                        return true;
                    }
                }
            }
        }
        true
    }

    /// Gives each on the way back to the start the partner that was reached from it.
    fn turn(&mut self, end: usize, reached_from: &[Option<usize>]) {
        let mut next = Some(end);
        while let Some(shadow) = next {
            let Some(live) = reached_from.get(shadow).copied().flatten() else { return };
            next = self.of_live.get(live).copied().flatten();
            if let (Some(mine), Some(others)) = (self.of_live.get_mut(live), self.of_shadow.get_mut(shadow)) {
                (*mine, *others) = (Some(shadow), Some(live));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_move_so_that_all_find_a_partner() {
        let (live, shadow): ([i32; 3], [i32; 3]) = ([10, 11, 12], [11, 12, 13]);
        let left = pair(3, 3, |one, other| (live[one] - shadow[other]).abs() <= 1, |_| true).unwrap();
        assert_eq!(left, Left { live: vec![], shadow: vec![] });
    }

    #[test]
    fn who_fits_nobody_is_left() {
        let left = pair(2, 3, |one, other| one == 0 && other == 1, |_| true).unwrap();
        assert_eq!(left, Left { live: vec![1], shadow: vec![0, 2] });
    }

    #[test]
    fn too_many_are_not_tried() {
        assert!(pair(20_000, 20_000, |_, _| panic!("not asked"), |_| true).is_none());
        assert!(pair(10, 10, |_, _| true, |_| false).is_none());
    }
}
