//! The configuration as it was understood: the plan that is served, and what there is to say about its file.
//!
//! Promises: the outline is for whoever may read the figures; findings may quote the file, so they are for whoever may
//! change something; reading the file never holds up the listener.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header::ALLOW},
    web::{self, Data},
};
use serde_json::{Value, json};

use crate::{
    config::Diagnostic,
    plan::{Plan, compile, outline},
};

use super::{admin_shadows::said, changes::Changes, reload::Loader};

/// Where the outline of the plan is.
pub(super) const PLAN: &str = "/__plan";
/// Where the findings about the file are.
pub(super) const FINDINGS: &str = "/__plan/findings";

/// Shows the plan.
pub(super) async fn plan(request: HttpRequest, changes: Data<Changes>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish();
    }
    let generation = changes.announcer.current();
    HttpResponse::Ok().json(told(&generation.shared.plan, generation.number))
}

fn told(plan: &Plan, number: u64) -> Value {
    let service = &plan.service;
    let overload_lag_ms = service.overload_lag.map(|lag| lag.as_secs_f64() * 1e3);
    let policies = plan.endpoints.iter().flat_map(|endpoint| {
        endpoint.shadows.iter().map(|shadow| json!({ "id": shadow.key, "policy": shadow.policy.is_some() }))
    });
    json!({
        "generation": number,
        "name": service.name,
        "settings": [
            ["listens at", service.listen.to_string()],
            ["TLS", if service.tls.is_some() { "on" } else { "off" }],
            ["changes need a token", if service.admin_token.is_some() { "yes" } else { "no" }],
            ["threads for shadows", service.shadow_threads.to_string()],
            ["memory for shadows, bytes", service.shadow_memory_bytes.to_string()],
            ["time to drain shadows", format!("{:?}", service.shadow_drain_time)],
            ["late threads shed copies after", overload_lag_ms.map_or("never".to_owned(), |ms| format!("{ms} ms"))],
            ["kill file", service.kill_file.as_ref().map_or("none".to_owned(), |file| file.display().to_string())],
        ],
        "routes": outline(plan),
        "shadows": policies.collect::<Vec<_>>(),
    })
}

/// Shows what there is to say about the file as it is now.
pub(super) async fn findings(request: HttpRequest, changes: Data<Changes>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish();
    }
    if let Some(refusal) = changes.refuse(&request) {
        return refusal;
    }
    // The demo has no file.
    let Some(load) = changes.load.clone() else { return HttpResponse::Ok().json(json!({ "findings": null })) };
    match web::block(move || found(&load)).await {
        Ok(findings) => HttpResponse::Ok().json(json!({ "findings": findings })),
        Err(_gone) => said(StatusCode::INTERNAL_SERVER_ERROR, "the configuration could not be loaded"),
    }
}

fn found(load: &Loader) -> Vec<Value> {
    let loaded = load();
    let mut findings = loaded.diagnostics;
    if let Some(service) = &loaded.service {
        findings.extend(loaded.places.locate(compile(service).1));
    }
    findings.sort_by(|one, other| (other.severity, one.position).cmp(&(one.severity, other.position)));
    findings.iter().map(row).collect()
}

fn row(finding: &Diagnostic) -> Value {
    let (line, column) = finding.position.unzip();
    json!({
        "severity": finding.severity.to_string(),
        "file": finding.file,
        "line": line,
        "column": column,
        "pointer": finding.pointer,
        "message": finding.message,
        "hint": finding.hint,
    })
}
