//! `gnomon run`: load, say what was found, serve until told to stop.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use crate::{
    config::{AdminToken, Diagnostic, Environment, Loaded, Service, Severity, Source, load},
    plan::Blueprint,
    server::{
        Gateway, Hangups, Loader, Options, Signals, Switches, Watch, descriptors,
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
/// Names whom to ask for SRV records instead of the system's name servers.
const NAME_SERVERS: &str = "GNOMON_DNS_SERVERS";

/// Runs the gateway until a signal ends it.
#[must_use]
pub fn run(arguments: &RunArgs) -> ExitCode {
    let level = if arguments.debug > 0 { tracing::Level::DEBUG } else { tracing::Level::INFO };
    let environment = Environment::of_process();
    let (token, name_servers) = match (admin_token(&environment), name_servers(environment.get(NAME_SERVERS))) {
        (Ok(token), Ok(name_servers)) => (token, name_servers),
        (Err(wrong), _) | (_, Err(wrong)) => {
            eprintln!("gnomon: {wrong}");
            return ExitCode::from(UNUSABLE);
        }
    };
    // Before loading, so that no change is missed.
    let watch = arguments.watch.then(|| Watch::new(arguments.config.clone(), &environment));
    let load = loader(arguments, environment, token);
    // Read before anything is logged: the file says how.
    let loaded = load();
    let logging = loaded.service.as_ref().and_then(|service| service.logging.as_ref());
    let writer = log::start(level, logging);
    descriptors::raise();
    let Some(blueprint) = planned(loaded, &arguments.config.display().to_string()) else {
        return ExitCode::from(UNUSABLE);
    };
    let options = Options {
        workers: arguments.workers,
        name_servers,
        load: Some(load),
        log_lines_dropped: writer.lines_dropped(),
    };
    let exit = actix::System::new().block_on(serve(blueprint, options, watch));
    // Written to the end.
    drop(writer);
    exit
}

/// How the configuration is loaded, now and at every reload.
fn loader(arguments: &RunArgs, environment: Environment, token: Option<AdminToken>) -> Loader {
    let source = Source::File(arguments.config.clone());
    let typed = arguments.clone();
    Arc::new(move || {
        let mut loaded = load(&source, &environment);
        if let Some(service) = &mut loaded.service {
            apply(&typed, token.as_ref(), service);
        }
        loaded
    })
}

/// The admin token of the environment, if there is one; the error says what is wrong with it.
fn admin_token(environment: &Environment) -> Result<Option<AdminToken>, String> {
    let Some(text) = environment.get(TOKEN_VARIABLE) else { return Ok(None) };
    let told = || format!("{TOKEN_VARIABLE} is no token: 16 to 1024 visible ASCII characters");
    AdminToken::new(text).map(Some).ok_or_else(told)
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

/// The addresses in a list with commas; the error says which is none.
fn name_servers(list: Option<&str>) -> Result<Vec<SocketAddr>, String> {
    let parts = list.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    let address = |part: &str| {
        let told = |_| format!("{NAME_SERVERS}: {part} is not an address with its port, as in 127.0.0.1:53");
        part.parse().map_err(told)
    };
    parts.map(address).collect()
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

#[cfg(test)]
mod tests {
    use super::name_servers;

    #[test]
    fn name_servers_are_a_list_of_addresses() {
        let read = |list: &str| name_servers(Some(list));
        assert_eq!(read(" 127.0.0.1:53, [::1]:5353,").unwrap().len(), 2);
        assert_eq!((name_servers(None), read("")), (Ok(vec![]), Ok(vec![])));
        let wrong = read("127.0.0.1:53,127.0.0.1").unwrap_err();
        assert!(wrong.contains(": 127.0.0.1 is not an address"), "{wrong}");
    }
}
