//! The number that a rate is compared with: the hash of a request's key.

use crate::{
    config::shadow::{OnMissingKey, SampleKey},
    model::Request,
};

use super::{
    Subject,
    hash::{Purpose, hash},
    key::Key,
};

/// What of a request is hashed, with which salt, and what happens without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedHash {
    key: SampleKey,
    on_missing_key: OnMissingKey,
    salt: Box<[u8]>,
}

impl KeyedHash {
    /// The hash of this key under this salt.
    #[must_use]
    pub fn new(key: &SampleKey, on_missing_key: OnMissingKey, salt: &str) -> Self {
        Self { key: key.clone(), on_missing_key, salt: salt.as_bytes().into() }
    }

    /// The number of a request; `None` when it lacks the key and chance is not to decide instead. `drawn` is the number
    /// that was drawn for the request.
    #[must_use]
    pub fn of(&self, request: &Request, drawn: u64) -> Option<u64> {
        if self.key != SampleKey::Random {
            match Key::of(&self.key, Subject::new(request)) {
                Some(key) => return Some(hash(&self.salt, Purpose::Sample, key.bytes())),
                None if self.on_missing_key == OnMissingKey::Skip => return None,
                None => {}
            }
        }
        Some(hash(&self.salt, Purpose::Sample, &drawn.to_be_bytes()))
    }
}
