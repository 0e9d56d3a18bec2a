//! The figures at a glance: the gateway's as a whole and a row for each experiment, as an event tells them and as they are
//! read once.
//!
//! Promises: bounded, however many experiments there are; it says how many are not shown.

use std::time::Duration;

use actix::Addr;
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use serde::Serialize;

use crate::{
    shadow::control::{Moment, Overview, Which},
    stats::{Read, Snapshot, StatsActor, snapshot::View},
};

use super::{admin_shadows::said, changes::Changes, tree::overload_limit};

/// Where they are read once.
pub(super) const OVERVIEW: &str = "/__overview";

/// What is told.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    #[serde(flatten)]
    figures: View<'a>,
    #[serde(flatten)]
    shadows: Option<Shadows>,
}

/// What is told of shadows and their controls.
#[derive(Serialize)]
pub(super) struct Shadows {
    experiments: Overview,
    /// Whether changes need the admin token.
    needs_token: bool,
    /// How late the threads that serve clients were since the last event, in milliseconds; null where nobody watches, and
    /// where it is not an event.
    lag_ms: Option<f64>,
    /// How late they may be before copies stop.
    lag_limit_ms: Option<f64>,
    /// Changes that are in the audit.
    changes: usize,
}

impl<'a> Told<'a> {
    /// All of it.
    pub(super) fn new(figures: &'a Snapshot, shadows: Option<Shadows>) -> Self {
        Self { figures: figures.view("", 0), shadows }
    }
}

impl Shadows {
    /// What there is to say of these.
    pub(super) fn new(changes: &Changes, which: &Which) -> Self {
        let plan = &changes.announcer.current().shared.plan;
        Self {
            experiments: changes.shadows.overview(which, Moment::now()),
            needs_token: plan.service.admin_token.is_some(),
            lag_ms: None,
            lag_limit_ms: overload_limit(plan).map(milliseconds),
            changes: changes.shadows.audit().len(),
        }
    }

    /// The same with how late threads were since this was asked last: for one who asks alone.
    pub(super) fn with_lag(self, changes: &Changes) -> Self {
        let lag = changes.announcer.current().shared.lag.take();
        Self { lag_ms: self.lag_limit_ms.map(|_watched| milliseconds(lag)), ..self }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Shows them.
pub(super) async fn overview(
    stats: Data<Addr<StatsActor>>,
    changes: Option<Data<Changes>>,
    which: Query<Which>,
) -> HttpResponse {
    let Ok(figures) = stats.send(Read).await else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "the numbers are not available");
    };
    let shadows = changes.map(|changes| Shadows::new(&changes, &which));
    HttpResponse::Ok().json(Told::new(&figures, shadows))
}
