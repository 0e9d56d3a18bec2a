//! `gnomon demo`: a service, its rewrite, the gateway between them, and gentle traffic; all in this process.

#![expect(clippy::print_stdout, reason = "a command line talks to people")]

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::ExitCode,
};

use tokio_util::sync::CancellationToken;

use crate::{
    config::{Environment, Service, Source, load},
    demo::{self, Version},
    server::{Gateway, Options, Signals, start},
};

use super::{args::DemoArgs, log, run};

/// Runs the demo until a signal ends it.
#[must_use]
pub fn demo(arguments: DemoArgs) -> ExitCode {
    let _written_to_the_end = log::start(tracing::Level::ERROR, None);
    actix::System::new().block_on(show(arguments))
}

async fn show(arguments: DemoArgs) -> ExitCode {
    let started = Signals::listen().and_then(|signals| {
        let planted = !arguments.healthy;
        Ok((signals, service(Version::One, planted)?, service(Version::Two, planted)?))
    });
    let (mut signals, (v1, one), (v2, two)) = match started {
        Ok(started) => started,
        Err(error) => return run::failed(&error),
    };
    let source = Source::Text { name: "config/demo.json".into(), text: demo::config(v1, v2) };
    let mut loaded = load(&source, &Environment::of_process());
    if let Some(service) = &mut loaded.service {
        on_loopback(service, &arguments);
    }
    let Some(blueprint) = run::planned(loaded, &source.name()) else { return ExitCode::FAILURE };
    let gateway = match start(blueprint, Options { workers: Some(1), ..Options::default() }) {
        Ok(gateway) => gateway,
        Err(error) => return run::failed(&error),
    };
    introduce(&gateway, v1, v2);
    let stop = CancellationToken::new();
    actix::spawn(demo::run(gateway.address, arguments.rate, stop.clone()));
    let _which = signals.next().await;
    println!("\nstopping …");
    stop.cancel();
    let code = run::stopped(gateway, &mut signals).await;
    one.stop(false).await;
    two.stop(false).await;
    code
}

fn service(version: Version, planted: bool) -> std::io::Result<(SocketAddr, actix_web::dev::ServerHandle)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = demo::start(version, planted, listener)?;
    let handle = server.handle();
    actix::spawn(server);
    Ok((address, handle))
}

/// The demo is nobody's business but this machine's.
fn on_loopback(service: &mut Service, arguments: &DemoArgs) {
    service.listen_ip = Some(Ipv4Addr::LOCALHOST.into());
    service.port = arguments.port.unwrap_or(service.port);
    if let Some(address) = arguments.admin {
        service.admin.listen = Some(address);
    }
    service.admin.explicit = true;
}

fn introduce(gateway: &Gateway, v1: SocketAddr, v2: SocketAddr) {
    let address = gateway.address;
    println!("Gnomon demo: v1 is live, its rewrite v2 gets a copy of every request.\n");
    if let Some(admin) = gateway.admin {
        println!("  dashboard  http://{admin}/");
        println!("  metrics    http://{admin}/metrics");
    }
    println!("  gateway    http://{address}/user/42     try:  curl -i http://{address}/user/42");
    println!("  v1 (live)  http://{v1}/v1/user/42");
    println!("  v2 (shadow) http://{v2}/v2/user/42\n");
    println!("Clients get v1's answers only; what v2 would have done is on the dashboard. To see");
    let admin = gateway.admin.filter(|admin| admin.port() != 8090).map(|admin| format!(" --admin {admin}"));
    let admin = admin.unwrap_or_default();
    println!("  what differs        gnomon shadow report{admin}");
    println!("  a rewrite repaired  curl -X POST http://{v2}/planted/off && gnomon shadow restart --all{admin}");
    println!("Ctrl-C ends it.");
}
