//! Why a copy was not sent: the words of the books, the metrics and the page.

/// A reason that has to do with capacity or circumstance, not with policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// As many copies as allowed are under way.
    Concurrency,
    /// The bytes it would hold are more than what is left of a budget.
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
}

impl Drop {
    /// Every reason, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Concurrency,
        Self::Memory,
        Self::BodyTooLarge,
        Self::ClientAborted,
        Self::BodyError,
        Self::ChainBroken,
        Self::Shutdown,
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
    fn the_table_lists_every_reason_at_its_index() {
        for (index, reason) in Drop::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }
}
