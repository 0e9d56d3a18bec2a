//! `validation/cel`: expressions that requests, answers and tokens must make true.

pub mod layers;
pub mod rules;
pub mod token_rules;
pub mod variables;

pub use layers::{around_backend, around_endpoint};
pub use rules::Rules;
pub use token_rules::TokenRules;
