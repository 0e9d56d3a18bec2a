//! `gnomon run`: load, say what was found, serve until told to stop.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::{process::ExitCode, sync::Arc};

use crate::{
    config::{AdminToken, Diagnostic, Environment, Loaded, Service, Severity, Source, load},
    plan::Blueprint,
    server::{
        Gateway, Hangups, Loader, Options, Signals, Switches, Watch,
        reload::{Cause, Orders},
        start,
    },
};

use super::{
    args::{AdminAddress, RunArgs},
    log,
};

/// Exit code for wrong usage or an unusable configuration.
const UNUSABLE: u8 = 2;

/// The variable whose text is the admin token, whatever the file says.
const TOKEN_VARIABLE: &str = "GNOMON_ADMIN_TOKEN";

/// Runs the gateway until a signal ends it.
#[must_use]
pub fn run(arguments: &RunArgs) -> ExitCode {
    let level = if arguments.debug > 0 { tracing::Level::DEBUG } else { tracing::Level::INFO };
    let _written_to_the_end = log::start(level);
    let environment = Environment::of_process();
    let token = match environment.get(TOKEN_VARIABLE).map(|text| AdminToken::new(text).ok_or(())).transpose() {
        Ok(token) => token,
        Err(()) => {
            eprintln!("gnomon: {TOKEN_VARIABLE} is no token: 16 to 1024 visible ASCII characters");
            return ExitCode::from(UNUSABLE);
        }
    };
    // Before loading, so that no change is missed.
    let watch = arguments.watch.then(|| Watch::new(arguments.config.clone(), &environment));
    let source = Source::File(arguments.config.clone());
    let typed = arguments.clone();
    let load: Loader = Arc::new(move || {
        let mut loaded = load(&source, &environment);
        if let Some(service) = &mut loaded.service {
            apply(&typed, token.as_ref(), service);
        }
        loaded
    });
    let Some(blueprint) = planned(load(), &arguments.config.display().to_string()) else {
        return ExitCode::from(UNUSABLE);
    };
    let options = Options { workers: arguments.workers, load: Some(load) };
    actix::System::new().block_on(serve(blueprint, options, watch))
}

/// The plan of what was loaded, after all findings were told; `None` if it can't be used.
pub(super) fn planned(loaded: Loaded, name: &str) -> Option<Blueprint> {
    tell(&loaded.diagnostics);
    let blueprint = loaded.service.zip(loaded.places.document()).and_then(|(service, document)| {
        let (blueprint, findings) = Blueprint::new(service, document);
        let usable = !findings.any_error();
        tell(&loaded.places.locate(findings));
        usable.then_some(blueprint)
    });
    if blueprint.is_none() {
        eprintln!("ERROR parsing the configuration file: {name} can't be used; see above");
    }
    blueprint
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

/// What was typed wins over what the file says, and so does the token of the environment.
fn apply(arguments: &RunArgs, token: Option<&AdminToken>, service: &mut Service) {
    if let Some(token) = token {
        service.admin.token = Some(token.clone());
    }
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

async fn serve(blueprint: Blueprint, options: Options, watch: Option<Watch>) -> ExitCode {
    let listening = Signals::listen().and_then(|signals| Ok((signals, Hangups::listen()?, Switches::listen()?)));
    let (mut signals, hangups, switches) = match listening {
        Ok(listening) => listening,
        Err(error) => return failed(&error),
    };
    let gateway = match start(blueprint, options) {
        Ok(gateway) => gateway,
        Err(error) => return failed(&error),
    };
    if let Some(orders) = gateway.orders() {
        if let Some(watch) = watch {
            watch.start(orders.clone());
        }
        actix::spawn(reload_at(hangups, orders));
    }
    gateway.switch_shadows_at(switches);
    told(&gateway);
    let signal = signals.next().await;
    tracing::info!("Signal intercepted: {signal}");
    stopped(gateway, &mut signals).await
}

/// Loads the configuration again at each SIGHUP, until the gateway stops.
async fn reload_at(mut hangups: Hangups, orders: Orders) {
    while hangups.next().await.is_some() && orders.reload(Cause::Signal).await.is_some() {}
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
