//! Compares two answers by the rules of an experiment.
//!
//! Promises: the same two answers always compare alike; the work for a pair is bounded whatever is in it, and what is
//! beyond the bounds is said to be incomparable; no input panics.

use crate::{
    config::shadow::{Compare, StatusRule},
    model::Seen,
};

use super::{
    Comparison, FieldNames, Verdict,
    body::{self, BodyPlan},
    findings::Findings,
    headers::HeaderPlan,
    status,
};

/// The rules of an experiment, compiled. Immutable, so that any thread may compare with it.
#[derive(Debug)]
pub struct Comparator {
    status: StatusRule,
    headers: HeaderPlan,
    body: BodyPlan,
}

impl Comparator {
    /// Compiles the rules.
    #[must_use]
    pub fn new(settings: &Compare) -> Self {
        Self {
            status: settings.status.clone(),
            headers: HeaderPlan::new(&settings.headers),
            body: BodyPlan::new(settings, fastrand::u64(..)),
        }
    }

    /// Compares a shadow's answer with the live one. Differences are called by the patterns in `names`, which belongs to
    /// the experiment; fields of the live answer are recorded there on the first pairs and then now and then.
    ///
    /// A difference that was found counts even where something else can't be compared: a status that differs is a
    /// mismatch though the bodies are too large.
    pub fn compare(&self, live: &Seen, shadow: &Seen, names: &mut FieldNames) -> Comparison {
        if let Some(reason) = body::broken(&live.body, &shadow.body) {
            return Comparison {
                verdict: Verdict::Incomparable(reason),
                differences: Vec::new(),
                further: Vec::new(),
                is_truncated: false,
                ignored: 0,
            };
        }
        let records = names.begin_pair();
        let mut findings = Findings::new(names);
        status::compare(&self.status, live.status, shadow.status, &mut findings);
        // Where one succeeds and the other doesn't, all of the rest differs, which the status says already.
        if live.status.is_success() == shadow.status.is_success() {
            self.headers.compare(&live.headers, &shadow.headers, &mut findings);
            if let Err(reason) = self.body.compare(live, shadow, records, &mut findings) {
                findings.give_up(reason);
            }
        }
        findings.finish()
    }
}
