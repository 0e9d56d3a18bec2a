//! Who changed what, when and why: each change in the log, and the last of them for whoever asks.
//!
//! Promises: bounded, and nothing that was sent to us reaches the log as it is.

use std::{
    collections::VecDeque,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// How many changes are kept.
pub const KEPT_MAX: usize = 200;

/// Who made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody at the admin listener.
    Admin {
        /// Where the request came from.
        peer: Option<SocketAddr>,
        /// Whether the admin token was shown; without one it was a program on this machine.
        token: bool,
    },
    /// SIGUSR2.
    Signal,
    /// The kill file came or went.
    KillFile,
    /// Time: a change that has ended, a step of a ramp, the end of a policy.
    Clock,
    /// Another configuration.
    Reload,
    /// A stop rule that was broken, by its key in the file.
    Rule(&'static str),
}

impl Who {
    /// What kinds of authors there are.
    pub const LABELS: [&str; 6] = ["admin", "signal", "kill_file", "clock", "reload", "rule"];

    /// What kind of author it is.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin { .. } => "admin",
            Self::Signal => "signal",
            Self::KillFile => "kill_file",
            Self::Clock => "clock",
            Self::Reload => "reload",
            Self::Rule(_) => "rule",
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Rule(rule) = self {
            return write!(out, "rule {rule}");
        }
        let Self::Admin { peer, token } = self else { return out.write_str(self.label()) };
        out.write_str("admin")?;
        if let Some(peer) = peer {
            write!(out, " {peer}")?;
        }
        if *token { out.write_str(" with the token") } else { Ok(()) }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: SystemTime,
    /// Who, in words.
    pub who: Who,
    /// The kind of author.
    pub by: &'static str,
    /// Which shadow, or which variant of a split; `None` for all shadows.
    pub target: Option<String>,
    /// Which setting.
    pub what: &'static str,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
    /// For how long, in seconds; `None` without an end.
    pub lasts_seconds: Option<u64>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
}

/// The last changes, the oldest first. Cheap to clone; all clones are one audit.
#[derive(Clone, Debug, Default)]
pub struct Audit(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    last: VecDeque<Entry>,
    /// All changes, by the place of their author in [`Who::LABELS`].
    counts: [u64; Who::LABELS.len()],
}

impl Audit {
    /// Writes a change into the log, and keeps it.
    pub fn enter(&self, entry: Entry) {
        let target = entry.target.as_deref().unwrap_or("all shadows");
        let lasts = entry.lasts_seconds.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
        // Quoted, so that no line of the log is somebody else's.
        let reason = entry.reason.as_ref().map(|reason| format!(": {reason:?}")).unwrap_or_default();
        let Entry { who, what, before, after, .. } = &entry;
        tracing::info!(target: "audit", "audit: {target}: {what} {before} → {after}{lasts}, by {who}{reason}");
        let mut kept = self.lock();
        for (label, count) in Who::LABELS.iter().zip(&mut kept.counts) {
            *count += u64::from(*label == entry.by);
        }
        if kept.last.len() >= KEPT_MAX {
            kept.last.pop_front();
        }
        kept.last.push_back(entry);
    }

    /// How many changes there were, by the kind of their author; those that are no longer kept as well.
    #[must_use]
    pub fn changes(&self) -> Vec<(&'static str, u64)> {
        Who::LABELS.into_iter().zip(self.lock().counts).collect()
    }

    /// What is kept.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().last.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Only moves are made under the lock, which don't panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time as RFC 3339 writes it.
#[must_use]
pub fn text_of(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn as_text<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text_of(*time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_changes_are_kept() {
        let audit = Audit::default();
        for number in 0..KEPT_MAX + 5 {
            audit.enter(Entry {
                at: SystemTime::UNIX_EPOCH,
                who: Who::Signal,
                by: Who::Signal.label(),
                target: None,
                what: "kill",
                before: String::new(),
                after: number.to_string(),
                lasts_seconds: None,
                reason: None,
            });
        }
        let kept = audit.entries();
        assert_eq!((kept.len(), kept[0].after.as_str()), (KEPT_MAX, "5"));
        let by_signal = audit.changes().into_iter().find(|(by, _)| *by == "signal");
        assert_eq!(by_signal, Some(("signal", KEPT_MAX as u64 + 5)));
    }

    #[test]
    fn every_author_is_of_a_known_kind() {
        let admin = Who::Admin { peer: None, token: false };
        let all = [admin, Who::Signal, Who::KillFile, Who::Clock, Who::Reload, Who::Rule("p99_ratio")];
        assert_eq!(all.map(Who::label), Who::LABELS);
    }

    #[test]
    fn authors_are_told_in_words() {
        let peer = "10.0.0.1:5".parse().ok();
        assert_eq!(Who::Admin { peer, token: true }.to_string(), "admin 10.0.0.1:5 with the token");
        assert_eq!(Who::Admin { peer, token: false }.to_string(), "admin 10.0.0.1:5");
        assert_eq!(Who::KillFile.to_string(), "kill_file");
    }
}
