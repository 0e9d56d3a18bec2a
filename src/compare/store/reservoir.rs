//! A few samples of many, each of which had the same chance to be among them.

use std::sync::Arc;

use super::Sample;

/// How many samples a cluster keeps.
pub(super) const SAMPLES_PER_CLUSTER: usize = 5;

/// Reservoir sampling, Vitter's algorithm R: of n that were offered each is there with a chance of 5 / n. A sample that is
/// too old leaves its place to the next that is offered.
#[derive(Default)]
pub(super) struct Reservoir {
    samples: Vec<Arc<Sample>>,
    offered: u64,
}

/// Where one that was chosen goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Beside the others.
    Free,
    /// In the place of this one.
    Instead(usize),
}

impl Reservoir {
    /// Whether the next one is chosen.
    pub(super) fn offer(&mut self, random: &mut fastrand::Rng) -> Option<Slot> {
        self.offered = self.offered.saturating_add(1);
        if self.samples.len() < SAMPLES_PER_CLUSTER {
            return Some(Slot::Free);
        }
        let place = usize::try_from(random.u64(0..self.offered)).unwrap_or(usize::MAX);
        (place < self.samples.len()).then_some(Slot::Instead(place))
    }

    /// Keeps one that was chosen, the order is that of their coming.
    pub(super) fn keep(&mut self, sample: Sample) {
        self.samples.push(Arc::new(sample));
    }

    /// Drops the one in this place.
    pub(super) fn drop_at(&mut self, place: usize) {
        if place < self.samples.len() {
            self.samples.remove(place);
        }
    }

    /// Drops those that are not wanted any more.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&Sample) -> bool) {
        self.samples.retain(|sample| is_wanted(sample));
    }

    pub(super) fn samples(&self) -> &[Arc<Sample>] {
        &self.samples
    }
}
