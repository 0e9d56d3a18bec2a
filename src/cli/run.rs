//! `gnomon run`: load, say what was found, serve until told to stop.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use crate::{
    config::{Diagnostic, Environment, Loaded, Service, Severity, Source, load},
    plan::{Plan, compile},
    server::{Gateway, Options, Signals, start},
};

use super::{
    args::{AdminAddress, RunArgs},
    log,
};

/// Exit code for wrong usage or an unusable configuration.
const UNUSABLE: u8 = 2;

/// Runs the gateway until a signal ends it.
#[must_use]
pub fn run(arguments: &RunArgs) -> ExitCode {
    let level = if arguments.debug > 0 { tracing::Level::DEBUG } else { tracing::Level::INFO };
    let source = Source::File(arguments.config.clone());
    // Read before anything is logged: the file says how.
    let loaded = read(&source);
    let logging = loaded.service.as_ref().and_then(|service| service.logging.as_ref());
    let _written_to_the_end = log::start(level, logging);
    let Some(plan) = planned(&source, loaded, |service| apply(arguments, service)) else {
        return ExitCode::from(UNUSABLE);
    };
    let options = Options { workers: arguments.workers };
    actix::System::new().block_on(serve(plan, options))
}

/// What a configuration says.
pub(super) fn read(source: &Source) -> Loaded {
    load(source, &Environment::of_process())
}

/// The plan of a configuration, `changed` by what was typed, after all findings were told; `None` if it can't be used.
pub(super) fn planned(source: &Source, loaded: Loaded, changed: impl FnOnce(&mut Service)) -> Option<Plan> {
    tell(&loaded.diagnostics);
    let plan = loaded.service.and_then(|mut service| {
        changed(&mut service);
        let (plan, findings) = compile(&service);
        let usable = !findings.any_error();
        tell(&loaded.places.locate(findings));
        usable.then_some(plan)
    });
    if plan.is_none() {
        eprintln!("ERROR parsing the configuration file: {} can't be used; see above", source.name());
    }
    plan
}

fn tell(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        match diagnostic.severity {
            Severity::Error | Severity::Mistake => eprintln!("{diagnostic}"),
            Severity::Warning => tracing::warn!("{diagnostic}"),
            Severity::Info => tracing::info!("{diagnostic}"),
        }
    }
}

/// What was typed wins over what the file says.
fn apply(arguments: &RunArgs, service: &mut Service) {
    service.port = arguments.port.unwrap_or(service.port);
    service.debug_endpoint |= arguments.debug > 0;
    service.shadow.threads = arguments.shadow_threads.unwrap_or(service.shadow.threads);
    match arguments.admin {
        None => {}
        Some(AdminAddress::Off) => service.admin.listen = None,
        Some(AdminAddress::At(address)) => {
            service.admin.listen = Some(address);
            service.admin.explicit = true;
        }
    }
}

async fn serve(plan: Plan, options: Options) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error),
    };
    let gateway = match start(plan, options) {
        Ok(gateway) => gateway,
        Err(error) => return failed(&error),
    };
    told(&gateway);
    let signal = signals.next().await;
    tracing::info!("Signal intercepted: {signal}");
    stopped(gateway, &mut signals).await
}

/// Ends in order, or at once at a second signal.
pub(super) async fn stopped(gateway: Gateway, signals: &mut Signals) -> ExitCode {
    tokio::select! {
        biased;
        () = gateway.stop() => ExitCode::SUCCESS,
        signal = signals.next() => {
            eprintln!("{signal} again: stopping at once");
            std::process::exit(1);
        }
    }
}

pub(super) fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("gnomon: {error}");
    ExitCode::FAILURE
}

fn told(gateway: &Gateway) {
    let how = if gateway.is_secure { " for HTTPS" } else { "" };
    tracing::info!("Gnomon {} listening on {}{how}", env!("CARGO_PKG_VERSION"), gateway.address);
    if let Some(admin) = gateway.admin {
        tracing::info!("dashboard http://{admin}/  metrics http://{admin}/metrics");
    }
}
