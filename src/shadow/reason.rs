//! Why a copy was not made or not sent: the words of the books, the metrics and the page.

/// A reason of policy: nobody wanted the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// All shadows are switched off.
    Killed,
    /// This shadow is paused.
    Paused,
    /// Its time is over, or has not begun.
    Expired,
    /// The request's method is not among those wanted.
    Method,
    /// The request changes something, and the policy does not allow copies of such.
    WriteDenied,
    /// Another condition does not hold.
    Unmatched,
    /// The request is itself a copy.
    Loop,
    /// The request lacks what the sample is taken by.
    NoKey,
    /// The sample does not include it.
    NotSampled,
    /// It was selected and left out on purpose, to compare with.
    Holdout,
}

impl Skip {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 10] = [
        Self::Killed,
        Self::Paused,
        Self::Expired,
        Self::Method,
        Self::WriteDenied,
        Self::Unmatched,
        Self::Loop,
        Self::NoKey,
        Self::NotSampled,
        Self::Holdout,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Paused => "paused",
            Self::Expired => "expired",
            Self::Method => "method",
            Self::WriteDenied => "write_denied",
            Self::Unmatched => "unmatched",
            Self::Loop => "loop",
            Self::NoKey => "no_key",
            Self::NotSampled => "not_sampled",
            Self::Holdout => "holdout",
        }
    }

    /// Its place in [`Skip::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A reason of capacity or circumstance: the copy was wanted and is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// As many copies as allowed are under way.
    Concurrency,
    /// The bytes it would hold are more than what is left of those that its shadow may hold.
    Memory,
    /// The request's body is larger than what is mirrored.
    BodyTooLarge,
    /// The client broke its upload off.
    ClientAborted,
    /// The live answer was there before the upload was complete, so the rest of it never came.
    BodyError,
    /// The call before it in a sequence failed.
    ChainBroken,
    /// The gateway is shutting down.
    Shutdown,
    /// The shadow fails and is left alone for a while.
    BreakerOpen,
    /// More copies per second than allowed.
    Rate,
    /// More bytes per second than allowed.
    BytesRate,
    /// As many copies as allowed wait for one under way to end.
    QueueFull,
    /// The threads that serve clients are behind.
    Overload,
    /// The live answer's status is not one that the policy wants.
    LiveStatus,
    /// Everything but the sending is tried.
    DryRun,
    /// All shadows were switched off before it was sent.
    Killed,
    /// The policy patches bodies, and this one is not JSON.
    BodyPatch,
    /// This shadow was paused before it was sent.
    Paused,
    /// The shadow's time was over before it was sent.
    Expired,
    /// It was to be streamed and fell too far behind the upload before it was sent.
    BodyLag,
    /// The bytes it would hold are more than what is left of those that all shadows may hold.
    MemoryBudget,
    /// The shadow refuses connections and is left alone until the next trial.
    Unreachable,
    /// All shadows together have as many sockets as they may.
    Descriptors,
}

impl Drop {
    /// Every reason, in the order of the table.
    pub const ALL: [Self; 22] = [
        Self::Concurrency,
        Self::Memory,
        Self::BodyTooLarge,
        Self::ClientAborted,
        Self::BodyError,
        Self::ChainBroken,
        Self::Shutdown,
        Self::BreakerOpen,
        Self::Rate,
        Self::BytesRate,
        Self::QueueFull,
        Self::Overload,
        Self::LiveStatus,
        Self::DryRun,
        Self::Killed,
        Self::BodyPatch,
        Self::Paused,
        Self::Expired,
        Self::BodyLag,
        Self::MemoryBudget,
        Self::Unreachable,
        Self::Descriptors,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Concurrency => "concurrency",
            Self::Memory => "memory",
            Self::BodyTooLarge => "body_too_large",
            Self::ClientAborted => "client_aborted",
            Self::BodyError => "body_error",
            Self::ChainBroken => "chain_broken",
            Self::Shutdown => "shutdown",
            Self::BreakerOpen => "breaker_open",
            Self::Rate => "rate",
            Self::BytesRate => "bytes_rate",
            Self::QueueFull => "queue_full",
            Self::Overload => "overload",
            Self::LiveStatus => "live_status",
            Self::DryRun => "dry_run",
            Self::Killed => "killed",
            Self::BodyPatch => "body_patch",
            Self::Paused => "paused",
            Self::Expired => "expired",
            Self::BodyLag => "body_lag",
            Self::MemoryBudget => "memory_budget",
            Self::Unreachable => "unreachable",
            Self::Descriptors => "descriptors",
        }
    }

    /// Its place in [`Drop::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_list_every_reason_at_its_index() {
        for (index, reason) in Drop::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
        for (index, reason) in Skip::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }
}
