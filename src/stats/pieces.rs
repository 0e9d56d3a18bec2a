//! All numbers as JSON, in pieces of bounded size: the text of ten thousand endpoints is never held as a whole.
//!
//! Promises: the pieces put together are, byte for byte, the [view](Snapshot::view) as JSON; a piece is made when it is
//! asked for, so whoever reads slowly holds the snapshot and one piece.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::process::Process;
use super::reloads::Reloads;
use super::snapshot::{EndpointSnapshot, Snapshot, Totals};

/// A piece is handed out once it has so many bytes; it exceeds them by less than what one endpoint takes.
pub const PIECE_BYTES: usize = 16 * 1024;

/// The pieces that are still to come.
#[derive(Debug)]
pub struct Pieces {
    snapshot: Arc<Snapshot>,
    /// What is looked for, as it was asked for.
    wanted: String,
    /// The same in lower case.
    find: String,
    /// Who is looked for: first whose name it is, then all others that have it in their names.
    sought: Sought,
    /// The place of the next endpoint to look at.
    place: usize,
    /// How many endpoints may still be written.
    left: usize,
    stage: Stage,
}

/// Which of the endpoints found are being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Named,
    Others,
}

/// How far the text has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is written.
    Begin,
    /// No endpoint is written.
    First,
    /// An endpoint is written.
    Further,
    /// All is written.
    Over,
}

/// What a view has before its endpoints.
#[derive(Serialize)]
struct Before<'a> {
    version: &'static str,
    uptime_seconds: f64,
    window_seconds: f64,
    totals: &'a Totals,
    found: usize,
}

/// What it has after them.
#[derive(Serialize)]
struct After<'a> {
    unrouted: &'a BTreeMap<u16, u64>,
    reloads: &'a Reloads,
    process: &'a Process,
}

impl Pieces {
    /// The pieces of the view with these arguments.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, find: &str, limit: usize) -> Self {
        let wanted = find.trim().to_owned();
        let find = wanted.to_lowercase();
        Self { snapshot, wanted, find, sought: Sought::Named, place: 0, left: limit, stage: Stage::Begin }
    }

    /// Whether no piece is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    fn begin(&mut self, piece: &mut Vec<u8>) {
        let Snapshot { version, uptime_seconds, window_seconds, ref totals, ref endpoints, .. } = *self.snapshot;
        let found = endpoints.iter().filter(|endpoint| endpoint.is_called(&self.find)).count();
        write(piece, &Before { version, uptime_seconds, window_seconds, totals, found });
        // The object goes on.
        piece.pop();
        piece.extend_from_slice(b",\"endpoints\":[");
        self.stage = Stage::First;
    }

    /// The place of the next endpoint to write.
    fn next_place(&mut self) -> Option<usize> {
        loop {
            let (wanted, find, sought) = (&self.wanted, &self.find, self.sought);
            let is_wanted = |endpoint: &EndpointSnapshot| {
                endpoint.is_called(find) && endpoint.has_name(wanted) == (sought == Sought::Named)
            };
            let rest = self.snapshot.endpoints.get(self.place..).unwrap_or_default();
            match rest.iter().position(is_wanted) {
                Some(skipped) => return Some(self.place + skipped),
                None if sought == Sought::Others => return None,
                None => (self.sought, self.place) = (Sought::Others, 0),
            }
        }
    }

    /// Writes one more endpoint, or says that there is none.
    fn go_on(&mut self, piece: &mut Vec<u8>) -> bool {
        let place = if self.left > 0 { self.next_place() } else { None };
        let Some(place) = place else { return false };
        if self.stage == Stage::Further {
            piece.push(b',');
        }
        self.snapshot.endpoints.get(place).into_iter().for_each(|endpoint| write(piece, endpoint));
        self.place = place + 1;
        self.left -= 1;
        self.stage = Stage::Further;
        true
    }

    fn end(&mut self, piece: &mut Vec<u8>) {
        let Snapshot { unrouted, reloads, process, .. } = &*self.snapshot;
        piece.extend_from_slice(b"],");
        let begun = piece.len();
        write(piece, &After { unrouted, reloads, process });
        // The object goes on: it was opened before the endpoints.
        piece.remove(begun);
        self.stage = Stage::Over;
    }
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.is_over() {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE_BYTES * 2);
        if self.stage == Stage::Begin {
            self.begin(&mut piece);
        }
        while piece.len() < PIECE_BYTES {
            if !self.go_on(&mut piece) {
                self.end(&mut piece);
                break;
            }
        }
        Some(piece)
    }
}

fn write(piece: &mut Vec<u8>, value: &impl Serialize) {
    let written = serde_json::to_writer(piece, value);
    debug_assert!(written.is_ok(), "numbers and names are written to memory: {written:?}");
}
