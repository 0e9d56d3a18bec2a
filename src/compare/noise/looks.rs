//! When all fields are looked at, and how sure a look must be.

/// The first look comes after so many pairs.
const FIRST: u64 = 50;

/// Looks after 50, 100, 200, … pairs. The `k`-th of them, counted from one, may spend the `k · (k + 1)`-th part of the chance
/// of a false alarm: a half, a sixth, a twelfth. All looks together never spend more than there was, since what is left after
/// `k` looks is its `k + 1`-st part; the number of looks need not be known beforehand; and late looks, which find small
/// regressions, keep a level that a regression can pass, which they would not if each spent half of what is left.
#[derive(Debug)]
pub(super) struct Looks {
    next: u64,
    budget: f64,
    /// How many looks were paid from this budget.
    paid: u32,
    made: u32,
}

impl Looks {
    pub(super) const fn new(budget: f64) -> Self {
        Self { next: FIRST, budget, paid: 0, made: 0 }
    }

    /// The usual looks after these pairs, from another budget.
    pub(super) fn after(budget: f64, pairs: u64, made: u32) -> Self {
        let mut looks = Self { next: FIRST, budget, paid: 0, made };
        looks.pass(pairs);
        looks
    }

    /// The level of a look now that is the last one from this budget: all that is left of it, which after `k` looks is its
    /// `k + 1`-st part.
    pub(super) fn last(&mut self) -> f64 {
        self.made = self.made.saturating_add(1);
        let left = self.budget / (f64::from(self.paid) + 1.0);
        self.budget = 0.0;
        left
    }

    /// The level of the look that is due at this pair, if one is.
    pub(super) fn due(&mut self, pairs: u64) -> Option<f64> {
        if pairs < self.next {
            return None;
        }
        self.pass(pairs);
        self.paid = self.paid.saturating_add(1);
        self.made = self.made.saturating_add(1);
        let look = f64::from(self.paid);
        Some(self.budget / (look * (look + 1.0)))
    }

    /// The next look comes after more pairs than these.
    const fn pass(&mut self, pairs: u64) {
        while self.next <= pairs && self.next < u64::MAX {
            self.next = self.next.saturating_mul(2);
        }
    }

    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    pub(super) const fn made(&self) -> u32 {
        self.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_at_doubling_pairs_and_never_spend_all() {
        let mut looks = Looks::new(0.05);
        let made: Vec<(u64, f64)> =
            (1..=1_000_000).filter_map(|pairs| looks.due(pairs).map(|level| (pairs, level))).collect();
        assert_eq!(made[..3], [(50, 0.05 / 2.0), (100, 0.05 / 6.0), (200, 0.05 / 12.0)]);
        assert_eq!(made.len(), 15);
        let spent: f64 = made.iter().map(|(_, level)| level).sum();
        assert!((spent - 0.05 * 15.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn a_last_look_spends_what_is_left_and_others_follow_from_another_budget() {
        let mut looks = Looks::new(0.025);
        let spent: f64 = (1..=200).filter_map(|pairs| looks.due(pairs)).sum();
        let last = looks.last();
        assert!((spent + last - 0.025).abs() < 1e-12 && (last - 0.025 / 4.0).abs() < 1e-12, "{spent} {last}");
        let mut looks = Looks::after(0.025, 6400, looks.made());
        assert_eq!((looks.due(12_799), looks.due(12_800), looks.made()), (None, Some(0.0125), 5));
        assert_eq!((looks.due(12_801), looks.next()), (None, 25_600));
    }
}
