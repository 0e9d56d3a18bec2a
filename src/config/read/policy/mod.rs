//! Policies of shadows: what backend, endpoint and service say about one, as one.
//!
//! Promises: each place is read once on its own, so that its errors are told whether a shadow uses it or not; then the
//! places are read together, key by key, the nearest to the shadow first. Nothing is guessed: what is not understood
//! is an error.

mod against;
mod baseline;
mod breaker;
mod compare;
mod comparison;
mod conditions;
mod dispatch;
mod json_rules;
mod keys;
mod layers;
mod limits;
mod loop_guard;
mod policies;
mod reader;
mod rewrite;
mod rules;
mod sample;
mod schedule;
mod stop;
mod store;

use layers::Layers;
pub(super) use policies::policies;
use reader::Context;
pub(super) use sample::key as sample_key;
pub(super) use schedule::ramp as steps;
pub(super) use stop::webhook;
