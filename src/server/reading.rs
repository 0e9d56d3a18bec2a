//! Listeners of their own for whoever comes and reads figures: `telemetry/metrics` and `exporters.prometheus`.
//!
//! Promises: one thread and few connections each; a port that is taken is told to the caller and stops nothing else.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use actix_web::{App, HttpServer, dev::ServerHandle, web::ServiceConfig};

/// How many connections may be open at once.
const CONNECTIONS_MAX: usize = 256;

/// How long a stop waits for replies under way, in seconds.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 1;

/// Begins to serve what `configure` sets up.
///
/// # Errors
/// When the address can't be had.
pub(super) fn listen(
    address: SocketAddr,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<ServerHandle> {
    let server = HttpServer::new(move || App::new().configure(configure.clone()))
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(bind(address)?)?
        .run();
    let handle = server.handle();
    actix::spawn(server);
    Ok(handle)
}

/// A machine without IPv6 still has every IPv4 address.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).or_else(|error| {
        let everywhere = address.is_ipv6() && address.ip().is_unspecified() && error.kind() != io::ErrorKind::AddrInUse;
        if everywhere { TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())) } else { Err(error) }
    })
}
