//! `gnomon run`: load, say what was found, serve until told to stop.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::{ffi::OsString, net::SocketAddr, process::ExitCode};

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

/// Names whom to ask for SRV records instead of the system's name servers.
const NAME_SERVERS: &str = "GNOMON_DNS_SERVERS";

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
    let name_servers = match name_servers(std::env::var_os(NAME_SERVERS)) {
        Ok(servers) => servers,
        Err(wrong) => {
            eprintln!("gnomon: {NAME_SERVERS}: {wrong} is not an address with its port, as in 127.0.0.1:53");
            return ExitCode::from(UNUSABLE);
        }
    };
    let options = Options { workers: arguments.workers, name_servers };
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

/// The addresses in a list with commas; the first that is none is the error.
fn name_servers(list: Option<OsString>) -> Result<Vec<SocketAddr>, String> {
    let list = list.unwrap_or_default().to_string_lossy().into_owned();
    let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|_no_address| part.to_owned())).collect()
}

async fn serve(plan: Plan, options: Options) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error),
    };
    let gateway = match start(plan, &options) {
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

#[cfg(test)]
mod tests {
    use super::name_servers;

    #[test]
    fn name_servers_are_a_list_of_addresses() {
        let read = |list: &str| name_servers(Some(list.into()));
        assert_eq!(read(" 127.0.0.1:53, [::1]:5353,").unwrap().len(), 2);
        assert_eq!((name_servers(None), read("")), (Ok(vec![]), Ok(vec![])));
        assert_eq!(read("127.0.0.1:53,127.0.0.1"), Err("127.0.0.1".to_owned()));
    }
}
