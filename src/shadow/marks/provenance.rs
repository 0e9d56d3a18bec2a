//! How often a request was copied on its way here, as far as that is believed.
//!
//! Runs once per request where shadows have policies: costs nothing unless marks are there.

use std::{net::IpAddr, time::SystemTime};

use http::HeaderValue;
use ring::hmac;

use crate::plan::OriginNeeds;

use super::{
    entry::{ENTRIES_MAX, Entry},
    key,
    marker::milliseconds,
};

/// The marks a request came with.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The values of `X-Shadow-Hops`, in order.
    pub entries: &'a [&'a [u8]],
    /// Whether a header says that it is a copy.
    pub marked: bool,
    /// Whose connection it came over, whatever headers say.
    pub peer: IpAddr,
}

/// What is made of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// How often the request was copied; 0 unless that is believed.
    pub hops: u32,
    /// The entries that a copy carries on, believed or not: one of them may be known to whoever signed it.
    pub carried: Option<HeaderValue>,
}

impl Provenance {
    /// Judges the marks of a request.
    #[must_use]
    pub fn of(arrival: Arrival<'_>, needs: &OriginNeeds, now: SystemTime) -> Self {
        if arrival.entries.is_empty() && !arrival.marked {
            return Self::default();
        }
        Self::with_key(key::of_this_process(), arrival, needs, now)
    }

    /// As the process with the key `own` judges them.
    pub(super) fn with_key(own: &hmac::Key, arrival: Arrival<'_>, needs: &OriginNeeds, now: SystemTime) -> Self {
        let now_ms = milliseconds(now);
        let entries: Vec<Entry<'_>> = Entry::newest_first(arrival.entries).collect();
        let fresh = entries.iter().filter(|entry| entry.is_fresh(now_ms));
        let keys = || std::iter::once(own).chain(&needs.keys);
        let is_known = |entry: &&Entry<'_>| keys().any(|key| entry.is_signed_with(key));
        let signed = fresh.clone().filter(is_known).map(|entry| entry.hop).max().unwrap_or(0);
        let said = if needs.trusts(arrival.peer) { said(&entries, arrival.marked) } else { 0 };
        Self { hops: signed.max(said), carried: carried(fresh.map(|entry| entry.text)) }
    }
}

/// What a peer that is believed says: its own entry is the last.
fn said(entries: &[Entry<'_>], marked: bool) -> u32 {
    entries.first().map_or(0, |newest| newest.hop).max(u32::from(marked))
}

fn carried<'a>(newest_first: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    let mut texts: Vec<&str> = newest_first.take(ENTRIES_MAX).collect();
    texts.reverse();
    if texts.is_empty() { None } else { HeaderValue::from_str(&texts.join(",")).ok() }
}
