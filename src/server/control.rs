//! What may be changed through the admin listener: so far, that the configuration is loaded again.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::header::ALLOW,
    web::{self, Data},
};

use crate::stats::ReloadResult;

use super::{
    admin::text,
    admin_access::admin_guard,
    reload::{Announcer, Cause, Orders},
};

/// The ways to change something.
#[derive(Clone)]
pub struct Control {
    /// Where reloads are asked for.
    pub orders: Orders,
    /// Where the present plan is, which says who may.
    pub announcer: Announcer,
}

impl Control {
    /// Adds the routes.
    pub fn offer(self, scope: Scope) -> Scope {
        let refuse = || async { HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish() };
        let reload = web::resource("/__reload").route(web::post().to(reload)).default_service(web::to(refuse));
        scope.app_data(Data::new(self)).service(reload)
    }
}

async fn reload(request: HttpRequest, control: Data<Control>) -> HttpResponse {
    let present = control.announcer.current();
    if let Err(refusal) = admin_guard(&request, present.shared.plan.service.admin_token.as_ref()) {
        return refusal;
    }
    drop(present);
    let Some(report) = control.orders.reload(Cause::Admin).await else {
        return text(HttpResponse::ServiceUnavailable(), "the gateway is stopping");
    };
    match report.result {
        ReloadResult::Replaced | ReloadResult::Unchanged => HttpResponse::Ok().json(&*report),
        ReloadResult::Refused => HttpResponse::UnprocessableEntity().json(&*report),
    }
}
