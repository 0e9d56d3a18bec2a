//! How many pairs there were in each minute of the last hour.
//!
//! Of a fixed size, whatever comes; the clock is an argument, and may go back.

use std::time::SystemTime;

/// How many minutes are kept.
pub const MINUTES: usize = 60;

/// The same, as minutes are numbered.
const SPAN: u64 = MINUTES as u64;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Minutes {
    /// The latest minute in which something was counted, since 1970.
    latest: u64,
    /// By minute, modulo [`MINUTES`].
    counts: [u32; MINUTES],
}

impl Default for Minutes {
    fn default() -> Self {
        Self { latest: 0, counts: [0; MINUTES] }
    }
}

impl Minutes {
    /// Counts one. What comes late is counted in its minute; a clock that went back further begins anew.
    pub(super) fn count(&mut self, at: SystemTime) {
        let minute = minute_of(at);
        if minute > self.latest {
            let passed = (minute - self.latest).min(SPAN);
            (0..passed).for_each(|age| self.set(minute - age, 0));
            self.latest = minute;
        } else if self.latest - minute >= SPAN {
            *self = Self { latest: minute, ..Self::default() };
        }
        self.set(minute, self.get(minute).saturating_add(1));
    }

    /// The counts of the hour that ends with this minute, the oldest first.
    pub(super) fn read(&self, now: SystemTime) -> Vec<u32> {
        let end = minute_of(now);
        let is_kept = |minute: u64| minute <= self.latest && self.latest - minute < SPAN;
        let ages = (0..SPAN).rev().map(|age| end.checked_sub(age));
        ages.map(|minute| minute.filter(|minute| is_kept(*minute)).map_or(0, |minute| self.get(minute))).collect()
    }

    fn get(&self, minute: u64) -> u32 {
        self.counts.get(place(minute)).copied().unwrap_or_default()
    }

    fn set(&mut self, minute: u64, count: u32) {
        if let Some(held) = self.counts.get_mut(place(minute)) {
            *held = count;
        }
    }
}

fn place(minute: u64) -> usize {
    usize::try_from(minute % SPAN).unwrap_or_default()
}

/// Since 1970.
fn minute_of(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(minute: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(minute * 60 + 59)
    }

    fn counted(minutes: &[u64]) -> Minutes {
        let mut counted = Minutes::default();
        minutes.iter().for_each(|minute| counted.count(at(*minute)));
        counted
    }

    #[test]
    fn each_minute_has_its_count_and_old_ones_go() {
        let counts = counted(&[1_000, 1_000, 1_001, 1_059, 1_058]).read(at(1_059));
        assert_eq!((counts.len(), counts[0], counts[1], counts[58], counts[59]), (MINUTES, 2, 1, 1, 1));
        assert_eq!(counted(&[1_000, 1_060]).read(at(1_060)).iter().sum::<u32>(), 1);
        assert_eq!(counted(&[1_000]).read(at(1_030))[29], 1);
        assert_eq!(counted(&[1_000]).read(at(9_000)), [0; MINUTES]);
    }

    #[test]
    fn a_clock_that_went_back_begins_anew() {
        let counts = counted(&[5_000, 5_000, 1_000]).read(at(1_000));
        assert_eq!((counts[59], counts.iter().sum::<u32>()), (1, 1));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_counted_in_that_hour(
            offsets in prop::collection::vec(0_u64..150, 0..60), later in 0_u64..80,
        ) {
            let mut minutes: Vec<u64> = offsets.iter().map(|offset| 10_000 + offset).collect();
            minutes.sort_unstable();
            let end = minutes.last().copied().unwrap_or(10_000) + later;
            let counts = counted(&minutes).read(at(end));
            for (place, count) in counts.iter().enumerate() {
                let minute = end + 1 - SPAN + place as u64;
                let wanted = minutes.iter().filter(|one| **one == minute).count();
                prop_assert_eq!(*count as usize, wanted, "minute {}", minute);
            }
        }

        #[test]
        fn arbitrary_clocks_never_panic(times: Vec<u32>, now: u64) {
            let mut minutes = Minutes::default();
            times.iter().for_each(|time| minutes.count(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(*time) * 9)));
            let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(now)).unwrap_or(SystemTime::UNIX_EPOCH);
            prop_assert_eq!(minutes.read(now).len(), MINUTES);
        }
    }
}
