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

    /// A look now, and then the usual ones.
    pub(super) const fn at_once(budget: f64, made: u32) -> Self {
        Self { next: 0, budget, paid: 0, made }
    }

    /// The level of the look that is due at this pair, if one is.
    pub(super) fn due(&mut self, pairs: u64) -> Option<f64> {
        if pairs < self.next {
            return None;
        }
        self.next = self.next.max(FIRST);
        while self.next <= pairs {
            self.next = self.next.saturating_mul(2);
            if self.next == u64::MAX {
                break;
            }
        }
        self.paid = self.paid.saturating_add(1);
        self.made = self.made.saturating_add(1);
        let look = f64::from(self.paid);
        Some(self.budget / (look * (look + 1.0)))
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
    fn a_look_at_once_is_followed_by_the_usual_ones() {
        let mut looks = Looks::at_once(0.025, 6);
        assert_eq!(looks.due(10_000), Some(0.0125));
        assert_eq!((looks.due(10_001), looks.next(), looks.made()), (None, 12_800, 7));
    }
}
