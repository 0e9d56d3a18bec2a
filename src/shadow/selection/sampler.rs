//! A share of the requests, by hash, less those held out.

use crate::{
    config::shadow::{OnMissingKey, Sample, SampleKey},
    shadow::SkipReason,
};

use super::{
    hash::{Purpose, hash},
    key::Key,
    selector::Dialed,
    subject::Subject,
};

/// A compiled `sample`.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    key: SampleKey,
    on_missing_key: OnMissingKey,
    salt: Box<[u8]>,
    /// The salt and the shadow's name: no two shadows hold the same requests out.
    holdout_salt: Box<[u8]>,
}

impl Sampler {
    pub(super) fn new(sample: &Sample, id: &str) -> Self {
        Self {
            key: sample.key.clone(),
            on_missing_key: sample.on_missing_key,
            salt: sample.salt.as_bytes().into(),
            holdout_salt: [sample.salt.as_bytes(), id.as_bytes()].concat().into_boxed_slice(),
        }
    }

    pub(super) fn take(&self, subject: Subject<'_>, dialed: Dialed, drawn: u64) -> Result<(), SkipReason> {
        let drawn = drawn.to_be_bytes();
        if !dialed.rate.takes(self.sample_hash(subject, &drawn)?) {
            return Err(SkipReason::NotSampled);
        }
        // Not of the key: the same tenants would be held out for ever, and what is slow about them would look like the
        // shadow's doing.
        if dialed.holdout.takes(hash(&self.holdout_salt, Purpose::Holdout, &drawn)) {
            return Err(SkipReason::Holdout);
        }
        Ok(())
    }

    /// The hash that the rate is compared with: of the key, or of the number where chance decides.
    fn sample_hash(&self, subject: Subject<'_>, drawn: &[u8]) -> Result<u64, SkipReason> {
        if self.key != SampleKey::Random {
            match Key::of(&self.key, subject) {
                Some(key) => return Ok(hash(&self.salt, Purpose::Sample, key.bytes())),
                None if self.on_missing_key == OnMissingKey::Skip => return Err(SkipReason::NoKey),
                None => {}
            }
        }
        Ok(hash(&self.salt, Purpose::Sample, drawn))
    }
}
