//! A backend that takes a part of an endpoint's calls: what its reports are good for besides the totals.

use serde::Serialize;
use tokio::time::Instant;

use super::tally::Tally;

/// A part of a split, which wants to hear what was counted for its backend.
pub trait Portion: Send + Sync {
    /// Takes in what one thread counted since its last report.
    fn book(&self, tally: &Tally, now: Instant);

    /// Which part it is, and how large.
    fn share(&self) -> PortionStanding;
}

/// Which part of a split a backend takes at the moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PortionStanding {
    /// By which the split is addressed.
    pub id: String,
    /// The name of the variant, or `base`.
    pub variant: String,
    /// The share it takes, 0 to 1.
    pub rate: f64,
    /// Whether somebody or a rule has stopped it.
    pub stopped: bool,
}
