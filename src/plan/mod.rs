//! What we will do: the configuration compiled once into an immutable plan.
//!
//! Promises: `Send + Sync`, shared by `Arc`, replaced as a whole; no address of an actor, no client, clock or lock of
//! its own. Everything that serving needs is a number, a parsed value or a table: nothing is looked up by name, and
//! no text is parsed, while a request is served.

pub mod backend;
pub mod blueprint;
pub mod client_address;
pub mod compile;
pub mod endpoint;
mod exposure;
pub mod heritage;
mod hosts;
pub mod identity;
mod metrics;
pub mod origin;
mod outline;
pub mod pick;
mod promotion;
pub mod routes;
pub mod service;
pub mod shadow;
pub mod split;
pub mod targets;
pub mod telemetry;
pub mod template;

pub use backend::{BackendPlan, Base, Lookup, ServiceName};
pub use blueprint::{Blueprint, Succession};
pub use client_address::ClientAddress;
pub use compile::compile;
pub use endpoint::{EndpointPlan, Flow, Intake};
pub use heritage::{Heritage, Inherited};
pub use identity::Identity;
pub use origin::OriginNeeds;
pub use outline::{Route, outline};
pub use pick::{HeaderPick, QueryPick};
pub use promotion::promoted;
pub use routes::{Decision, Routes, Target};
pub use service::{MetricsPlan, Plan, ServicePlan};
pub use shadow::{ShadowBounds, ShadowPlan};
pub use split::{SplitPlan, VariantPlan};
pub use targets::{TargetId, Targets};
pub use telemetry::{ExportPlan, TelemetryPlan};
pub use template::Template;
