//! Every key of docs/compatibility.md on the real program: what is said to work makes a difference, and what is not
//! heard is told.
//!
//! A case is data: a key, its value, a file around it, and what is then observed. The walker runs it twice, with the
//! key and without it; the first observation must be the expected one and the second must not. So a case can't pass
//! when the program ignores its key. The completeness test asks for a case for every row of the page.

mod case;
mod certificates;
mod compared;
mod copies;
mod observe;
mod page;
mod places;
mod scene;
mod walk;

mod backend;
mod bots;
mod breaker;
mod cache;
mod comparison;
mod components;
mod cors;
mod credentials;
mod endpoint;
mod expression;
mod graphql;
mod limits;
mod logging;
mod metrics;
mod ours;
mod policy;
mod proxy;
mod restraint;
mod rewriting;
mod router;
mod secure_http;
mod selection;
mod service;
mod signer;
mod split;
mod stopping;
mod telemetry;
mod tls;
mod transport;
mod validator;
