//! The next configuration, drawn up beside the running one on a thread of its own: loading may read slow disks, and
//! compiling ten thousand endpoints takes its time.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    backend::transport::Secure,
    config::{Diagnostic, Loaded, Severity},
    plan::{Blueprint, Heritage, Succession},
};

use super::fixed;

/// Loads the configuration again, as it was loaded at the start: same file, environment and flags.
pub type Loader = Arc<dyn Fn() -> Loaded + Send + Sync>;

/// What was drawn up.
pub(super) enum Draft {
    /// It can't be used.
    Refused(Vec<Diagnostic>),
    /// It is the same as the running one.
    Unchanged,
    /// It can replace the running one.
    Next(Box<Next>),
}

/// The next configuration.
pub(super) struct Next {
    pub(super) blueprint: Blueprint,
    pub(super) heritage: Heritage,
    pub(super) secure: Secure,
    pub(super) changes: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Draws up the configuration after `running`.
pub(super) async fn draft(load: Loader, running: Arc<Blueprint>, secure: Secure) -> Draft {
    let (ready, drawn) = oneshot::channel();
    let draw = move || {
        let _stopped_meanwhile = ready.send(drawn_up(load(), &running, secure));
    };
    // Detached: a disk that hangs must not hold up the end of the program. When no thread can be had, or it panics, the
    // sender is dropped.
    let _detached = std::thread::Builder::new().name("reload".into()).spawn(draw);
    drawn.await.unwrap_or_else(|_gone| {
        let message = "the configuration could not be loaded: its thread failed";
        Draft::Refused(vec![Diagnostic::new(Severity::Error, "", message)])
    })
}

fn drawn_up(loaded: Loaded, running: &Blueprint, secure: Secure) -> Draft {
    let Loaded { service, mut diagnostics, places, .. } = loaded;
    let (Some(service), Some(document)) = (service, places.document()) else { return Draft::Refused(diagnostics) };
    let (succession, findings) = running.succeeded_by(service, document);
    let usable = !findings.any_error();
    diagnostics.extend(places.locate(findings));
    if !usable {
        return Draft::Refused(diagnostics);
    }
    let Succession { mut next, heritage, changes } = succession;
    if changes.is_empty() {
        return Draft::Unchanged;
    }
    // Nobody shares the plan yet, so this is never `None`.
    let warnings = Arc::get_mut(&mut next.plan).map(|plan| fixed::keep(&mut plan.service, &running.plan.service));
    let mut warnings = warnings.unwrap_or_default();
    // The same settings may name a certificate that was renewed.
    let same_part = |pointer: &str| next.side().part(pointer) == running.side().part(pointer);
    if next.plan.service.tls.is_some() && !same_part("/tls") {
        warnings.push("certificates for clients stay as they are until a restart".to_owned());
    }
    let same_client_tls = next.plan.service.client_tls == running.plan.service.client_tls && same_part("/client_tls");
    let secure = if same_client_tls { secure } else { Secure::new(next.plan.service.client_tls.as_ref()) };
    Draft::Next(Box::new(Next { blueprint: next, heritage, secure, changes, warnings, diagnostics }))
}
