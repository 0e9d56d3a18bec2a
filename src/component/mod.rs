//! Components: what an `extra_config` namespace adds to a request on its way. One file per namespace, path = namespace.
//!
//! Four scopes, each a table in the order in which requests meet its components: the edge (around routing), guards
//! (before an endpoint), exchanges (inside an endpoint, before its shadows are split off), calls (around one backend)
//! and the wire (around one HTTP exchange with an upstream). A component is a [`Layer`] made from its settings; one
//! that is not configured costs nothing. Components know neither each other nor the stages around them.

pub mod auth;
pub mod backend;
pub mod edge;
pub mod layer;
pub mod modifier;
pub mod pattern;
pub mod qos;
pub mod security;
pub mod tables;
pub mod validation;
pub mod visit;

pub use edge::{Asked, EdgeLayer, HeaderSource};
pub use layer::{Layer, Layers, Next};
pub use visit::{BackendCall, Claims, Exchange, Refusal, Visit};
