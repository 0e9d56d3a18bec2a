//! The key of this process, by which it knows copies of its own.

use std::sync::LazyLock;

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

/// Drawn when it is first needed and never written anywhere. It outlives a reload, so that copies under way then are
/// known when they come back.
static OF_THIS_PROCESS: LazyLock<hmac::Key> = LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, &secret()));

pub(super) fn of_this_process() -> &'static hmac::Key {
    &OF_THIS_PROCESS
}

fn secret() -> [u8; 32] {
    let mut secret = [0; 32];
    if SystemRandom::new().fill(&mut secret).is_err() {
        // Who guesses it can keep requests of its own from being copied, and nothing else.
        fastrand::fill(&mut secret);
    }
    secret
}
