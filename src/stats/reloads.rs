//! How often the configuration was loaded again, with what result, and which one is served.

use std::time::{SystemTime, UNIX_EPOCH};

use actix::Message;
use serde::Serialize;

/// What came of loading the configuration again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReloadResult {
    /// Another plan is served now.
    Replaced,
    /// It was the same, so nothing happened.
    Unchanged,
    /// It can't be used, so nothing happened.
    Refused,
}

impl ReloadResult {
    /// Every result, in the order of the exposition.
    pub const ALL: [Self; 3] = [Self::Replaced, Self::Unchanged, Self::Refused];

    /// Its name in metrics and reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// Says that the configuration was loaded again.
#[derive(Clone, Copy, Debug)]
pub struct Reloaded {
    /// With what result.
    pub result: ReloadResult,
    /// The number of the configuration that is served now, from 1.
    pub generation: u64,
    /// When.
    pub at: SystemTime,
}

impl Message for Reloaded {
    type Result = ();
}

/// The reloads since the start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reloads {
    /// The number of the configuration that is served, from 1.
    pub generation: u64,
    /// Reloads after which another plan was served.
    pub replaced: u64,
    /// Reloads that found nothing new.
    pub unchanged: u64,
    /// Reloads that found something unusable.
    pub refused: u64,
    /// What came of the last one, if there was one.
    pub last_result: Option<ReloadResult>,
    /// When that was, in seconds since 1970.
    pub last_at: Option<f64>,
}

impl Default for Reloads {
    fn default() -> Self {
        Self { generation: 1, replaced: 0, unchanged: 0, refused: 0, last_result: None, last_at: None }
    }
}

impl Reloads {
    /// Counts one.
    pub fn book(&mut self, reloaded: Reloaded) {
        let count = match reloaded.result {
            ReloadResult::Replaced => &mut self.replaced,
            ReloadResult::Unchanged => &mut self.unchanged,
            ReloadResult::Refused => &mut self.refused,
        };
        *count += 1;
        self.generation = reloaded.generation;
        self.last_result = Some(reloaded.result);
        self.last_at = Some(reloaded.at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));
    }

    /// How many ended so.
    #[must_use]
    pub fn count(&self, result: ReloadResult) -> u64 {
        match result {
            ReloadResult::Replaced => self.replaced,
            ReloadResult::Unchanged => self.unchanged,
            ReloadResult::Refused => self.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_has_its_own_count_and_the_last_one_is_kept() {
        let mut reloads = Reloads::default();
        for (generation, result) in (2..).zip(ReloadResult::ALL) {
            reloads.book(Reloaded { result, generation, at: UNIX_EPOCH + std::time::Duration::from_secs(generation) });
        }
        assert_eq!(ReloadResult::ALL.map(|result| reloads.count(result)), [1, 1, 1]);
        assert_eq!((reloads.generation, reloads.last_at), (4, Some(4.0)));
        assert_eq!(reloads.last_result, Some(ReloadResult::Refused));
    }
}
