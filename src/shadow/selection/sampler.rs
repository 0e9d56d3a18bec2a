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
}

impl Sampler {
    pub(super) fn new(sample: &Sample) -> Self {
        Self {
            key: sample.key.clone(),
            on_missing_key: sample.on_missing_key,
            salt: sample.salt.as_bytes().to_vec().into_boxed_slice(),
        }
    }

    pub(super) fn take(&self, subject: Subject<'_>, dialed: Dialed, drawn: u64) -> Result<(), SkipReason> {
        if self.key != SampleKey::Random {
            match Key::of(&self.key, subject) {
                Some(key) => return self.take_key(key.bytes(), dialed),
                None if self.on_missing_key == OnMissingKey::Skip => return Err(SkipReason::NoKey),
                None => {}
            }
        }
        // The number is hashed like a key, so that it serves the sample and, independently, the hold-out.
        self.take_key(&drawn.to_be_bytes(), dialed)
    }

    fn take_key(&self, key: &[u8], dialed: Dialed) -> Result<(), SkipReason> {
        if !dialed.rate.takes(hash(&self.salt, Purpose::Sample, key)) {
            return Err(SkipReason::NotSampled);
        }
        if dialed.holdout.takes(hash(&self.salt, Purpose::Holdout, key)) {
            return Err(SkipReason::Holdout);
        }
        Ok(())
    }
}
