//! A share of the requests, by hash, less those held out.

use crate::{
    config::shadow::Sample,
    model::Request,
    sample::{KeyedHash, Purpose, hash},
    shadow::SkipReason,
};

use super::selector::Dialed;

/// A compiled `sample`.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    keyed: KeyedHash,
    /// The salt and the shadow's name: no two shadows hold the same requests out.
    holdout_salt: Box<[u8]>,
}

impl Sampler {
    pub(super) fn new(sample: &Sample, id: &str) -> Self {
        Self {
            keyed: KeyedHash::new(&sample.key, sample.on_missing_key, &sample.salt),
            holdout_salt: [sample.salt.as_bytes(), id.as_bytes()].concat().into_boxed_slice(),
        }
    }

    pub(super) fn take(&self, request: &Request, dialed: Dialed, drawn: u64) -> Result<(), SkipReason> {
        // The hash that the rate is compared with: of the key, or of the number where chance decides.
        if !dialed.rate.takes(self.keyed.of(request, drawn).ok_or(SkipReason::NoKey)?) {
            return Err(SkipReason::NotSampled);
        }
        // Not of the key: the same tenants would be held out for ever, and what is slow about them would look like the
        // shadow's doing.
        if dialed.holdout.takes(hash(&self.holdout_salt, Purpose::Holdout, &drawn.to_be_bytes())) {
            return Err(SkipReason::Holdout);
        }
        Ok(())
    }
}
