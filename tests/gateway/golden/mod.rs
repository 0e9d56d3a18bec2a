//! Files with shadows against the same files without them: clients and live upstreams must see the same bytes.
//!
//! The files are those of `files/`, each with an `@comment` on what it is about, and every other configuration with a
//! shadow that lies in `config/` or anywhere in `tests/`.

mod ask;
mod equality;
mod upstreams;
