//! Another configuration without a restart: loaded and compared off the live threads, then taken over by each worker.
//!
//! ```text
//! SIGHUP · --watch · POST /__reload ─► Orders ─► Reloader ─┬─ draft: load, check, compile, compare (a thread of its own)
//!                                                         ├─ shadows: gates and books go on, actors start
//!                                                         ├─ stats: series go on under their new numbers
//!                                                         └─ Announcer ─► every worker grows its next tree, then swaps
//! ```
//!
//! Promises: what can't be used changes nothing and is told with all that is wrong; a request is served to its end by the
//! plan that it met; reloads happen one after the other, and those asked for meanwhile become one.

pub mod draft;
pub mod fixed;
pub mod generation;
pub mod reloader;
pub mod report;
pub mod watch;

pub use draft::Loader;
pub use generation::{Announcer, Generation};
pub use reloader::{Orders, Reloader};
pub use report::{Cause, Report};
pub use watch::Watch;
