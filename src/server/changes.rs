//! What may be changed through the admin listener: the configuration, which is loaded again, shadows and splits.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::header::ALLOW,
    web::{self, Data},
};

use crate::{
    shadow::Control,
    split,
    stats::{ReloadResult, Steering, exports::Exports, steering::Held},
};

use super::{
    admin::text,
    admin_access::admin_guard,
    admin_plan, admin_shadows, admin_splits,
    reload::{Announcer, Cause, Loader, Orders},
    tree::overload_limit,
};

/// The ways to change something.
#[derive(Clone)]
pub struct Changes {
    /// Where reloads are asked for, if there are any.
    pub orders: Option<Orders>,
    /// Where the present plan is, which says who may.
    pub announcer: Announcer,
    /// Where shadows are controlled.
    pub shadows: Arc<Control>,
    /// Where splits are.
    pub splits: Arc<split::Control>,
    /// How the configuration is loaded, if it can be again.
    pub load: Option<Loader>,
    /// Lines of the log that were dropped.
    pub log_lines_dropped: Arc<AtomicU64>,
    /// What became of what `telemetry/opentelemetry` recorded.
    pub exports: Exports,
}

impl Changes {
    /// Adds the routes.
    pub fn offer(self, scope: Scope) -> Scope {
        let refuse = || async { HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish() };
        let reloads = self.orders.is_some();
        let scope = admin_splits::offer(admin_shadows::offer(scope.app_data(Data::new(self))))
            .service(web::resource(admin_plan::PLAN).default_service(web::to(admin_plan::plan)))
            .service(web::resource(admin_plan::FINDINGS).default_service(web::to(admin_plan::findings)));
        if !reloads {
            return scope;
        }
        scope.service(web::resource("/__reload").route(web::post().to(reload)).default_service(web::to(refuse)))
    }

    /// The answer for a request that may not change anything; `None` lets it pass.
    #[must_use]
    pub fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        admin_guard(request, self.announcer.current().shared.plan.service.admin_token.as_ref())
    }

    /// What those know who steer shadows and splits.
    pub(super) fn steering(&self) -> Steering {
        let memory = self.shadows.memory();
        let shared = &self.announcer.current().shared;
        Steering {
            lag: overload_limit(&shared.plan).map(|_watched| shared.lag.of_late()),
            judged: self.shadows.judged(),
            memory: memory.map(|budget| Held { bytes: budget.held() as u64, bytes_max: budget.limit() as u64 }),
            changes: self.shadows.shared_audit().changes(),
            decisions_untold: self.shadows.post().untold(),
            log_lines_dropped: self.log_lines_dropped.load(Ordering::Relaxed),
            exports: self.exports.iter().map(|export| export.figures()).collect(),
        }
    }

    /// Whether whoever passes has shown a token.
    #[must_use]
    pub fn asks_for_token(&self) -> bool {
        self.announcer.current().shared.plan.service.admin_token.is_some()
    }
}

async fn reload(request: HttpRequest, changes: Data<Changes>) -> HttpResponse {
    if let Some(refusal) = changes.refuse(&request) {
        return refusal;
    }
    let report = match &changes.orders {
        Some(orders) => orders.reload(Cause::Admin).await,
        None => None,
    };
    let Some(report) = report else {
        return text(HttpResponse::ServiceUnavailable(), "the gateway is stopping");
    };
    match report.result {
        ReloadResult::Replaced | ReloadResult::Unchanged => HttpResponse::Ok().json(&*report),
        ReloadResult::Refused => HttpResponse::UnprocessableEntity().json(&*report),
    }
}
