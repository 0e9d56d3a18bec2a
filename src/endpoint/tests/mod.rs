//! The endpoint actor with scripted backends and shadows, on virtual time.
//!
//! Promises: every instant compared here is exact, because the clock stands still while anything runs and jumps to the
//! next timer when nothing does; no test sleeps, and none opens a socket.

mod cancel;
mod merge_laws;
mod mirrors;
mod offers;
mod outbox;
mod sequences;
mod simulation;
mod splits;
mod stage;
mod streams;
mod stubs;
mod times;
mod upheavals;
mod uploads;
