//! A plan together with what it was made of, so that the next one can be compared with it.

use std::sync::Arc;

use serde_json::Value;

use crate::config::{
    Service,
    diagnostic::Findings,
    difference::{Side, differences},
    stamp::stamped,
};

use super::{
    Heritage, Plan,
    compile::{compile, compile_with},
    heritage::inherit,
};

/// A plan and its origin.
#[derive(Debug)]
pub struct Blueprint {
    /// What we do.
    pub plan: Arc<Plan>,
    service: Service,
    document: Value,
}

/// The plan that follows another one.
#[derive(Debug)]
pub struct Succession {
    /// It.
    pub next: Blueprint,
    /// What its backends go on with.
    pub heritage: Heritage,
    /// What is different, in words; empty if nothing is.
    pub changes: Vec<String>,
}

impl Blueprint {
    /// Compiles a configuration without errors that was read from `document`. Looks at the files that it names.
    #[must_use]
    pub fn new(service: Service, document: &Value) -> (Self, Findings) {
        let document = stamped(document);
        let (plan, findings) = compile(&service);
        (Self { plan: Arc::new(plan), service, document }, findings)
    }

    /// Compiles the configuration that comes after this one; what it keeps goes on with its state.
    #[must_use]
    pub fn succeeded_by(&self, service: Service, document: &Value) -> (Succession, Findings) {
        let document = stamped(document);
        let (mut plan, findings) = compile_with(&service, &self.plan.kept);
        let side = Side { service: &service, document: &document };
        let changes = differences(self.side(), side);
        let heritage = inherit(&mut plan, side, self);
        (Succession { next: Self { plan: Arc::new(plan), service, document }, heritage, changes }, findings)
    }

    /// What it was made of.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        Side { service: &self.service, document: &self.document }
    }
}
