//! From a plan to a running gateway: listeners bound, threads and actors started; and in what order it ends.

use std::{
    cell::RefCell,
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use actix::{Actor, Addr, Arbiter};
use actix_web::dev::{Server, ServerHandle};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    backend::{
        Discovery, Found,
        transport::{Room, Secure},
    },
    control::tick_until_gone,
    plan::{Blueprint, Heritage, Plan, ServicePlan},
    shadow::{
        Control,
        control::{Moment, Who},
        overload::WorstLag,
    },
    split,
    stats::{Read, Rename, Snapshot, StatsActor},
};

use super::{
    admin,
    changes::Changes,
    export::Telemetry,
    metrics,
    reload::{Announcer, Loader, Orders, Reloader},
    shadows::Shadows,
    signal::Switches,
    splits::Splits,
    start_error::StartError,
    tls,
    tree::Shared,
    wire::{Terms, front},
};

/// How much longer than the longest endpoint a stop waits for connections, unless the file says otherwise. (KrakenD
/// waits for ever, and so for a client that never says a word.)
const STOP_MARGIN: Duration = Duration::from_secs(5);
/// How long after that a worker that doesn't answer is waited for.
const WORKER_MARGIN: Duration = Duration::from_secs(2);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// What is decided at start and not by the file.
#[derive(Clone, Default)]
pub struct Options {
    /// Worker threads; one per core unless given.
    pub workers: Option<usize>,
    /// Whom to ask for SRV records; the system's name servers when empty.
    pub name_servers: Vec<SocketAddr>,
    /// How to load the configuration again; without it, it stays as it is.
    pub load: Option<Loader>,
    /// Counts the lines of the log that were dropped.
    pub log_lines_dropped: Arc<AtomicU64>,
}

/// A running gateway.
pub struct Gateway {
    /// Where it serves clients.
    pub address: SocketAddr,
    /// Whether it speaks TLS there.
    pub is_secure: bool,
    /// Where it shows its numbers, if it does.
    pub admin: Option<SocketAddr>,
    server: ServerHandle,
    admin_server: Option<ServerHandle>,
    metrics_server: Option<ServerHandle>,
    telemetry: Option<Telemetry>,
    shadows: Rc<RefCell<Shadows>>,
    /// Looks at the clock until the gateway is gone.
    _splits: Arc<split::Control>,
    /// Looks up until the gateway is gone.
    _discovery: Rc<RefCell<Discovery>>,
    control: Arc<Control>,
    announcer: Announcer,
    orders: Option<Orders>,
    reloader: Option<JoinHandle<()>>,
    stats: Addr<StatsActor>,
    stats_thread: Arbiter,
    stop_time: Duration,
}

/// Starts serving the plan of a blueprint. Must be called inside an actix system.
///
/// # Errors
/// When an address can't be bound, or HTTPS can't be served.
pub fn start(blueprint: Blueprint, options: Options) -> Result<Gateway, StartError> {
    let plan = Arc::clone(&blueprint.plan);
    let tls = plan.service.tls.as_ref().map(tls::server_config).transpose().map_err(StartError::Tls)?;
    let is_secure = tls.is_some();
    // Also where no host is called by https: a redirect may lead to one.
    let secure = Secure::new(plan.service.client_tls.as_ref());
    let listener = listen(&plan.service)?;
    let admin_listener = listen_admin(&plan.service)?;
    let metrics_plan = plan.service.metrics.clone();
    let address = listener.local_addr().unwrap_or(plan.service.listen);
    let stats_thread = Arbiter::new();
    let stats = start_stats(&stats_thread, &plan);
    let discovery = Discovery::start(&plan, &options.name_servers);
    let exports = plan.service.telemetry.as_ref().map(|telemetry| &telemetry.exports);
    let telemetry = exports.map(|exports| Telemetry::start(exports, &secure));
    let outlet = telemetry.as_ref().map(Telemetry::outlet);
    let mut shadows = Shadows::recording(outlet.clone());
    let mut splits = Splits::new(shadows.control().shared_audit(), shadows.control().post());
    start_shadows((&mut shadows, &mut splits), &plan, (&secure, &discovery.found()), &stats);
    let stop_time = stop_time(&plan);
    let shared = Shared {
        room: Room::new(plan.service.idle_connections),
        plan,
        secure,
        found: discovery.found(),
        shadows: shadows.links(),
        splits: splits.links(),
        stats: stats.clone(),
        started: Instant::now(),
        lag: WorstLag::default(),
        outlet,
    };
    let announcer = Announcer::new(shared);
    let server = server(announcer.clone(), listener, tls, options.workers, stop_time)
        .map_err(|error| StartError::Listen(address, error))?;
    let handle = server.handle();
    actix::spawn(server);
    let (shadows, discovery) = (Rc::new(RefCell::new(shadows)), Rc::new(RefCell::new(discovery)));
    let split_control = splits.control();
    let splits = Rc::new(RefCell::new(splits));
    let load = options.load.clone();
    let reloader = options.load.map(|load| {
        let followers = (Rc::clone(&shadows), Rc::clone(&splits), Rc::clone(&discovery));
        Reloader::new(load, Arc::new(blueprint), followers, announcer.clone()).start()
    });
    let (orders, reloader) = reloader.unzip();
    let control = shadows.borrow().control();
    actix::spawn(tick_until_gone(Arc::downgrade(&control), Control::tick));
    actix::spawn(tick_until_gone(Arc::downgrade(&split_control), split::control::Control::tick));
    let changes = Changes {
        orders: orders.clone(),
        announcer: announcer.clone(),
        shadows: Arc::clone(&control),
        splits: Arc::clone(&split_control),
        load,
        log_lines_dropped: options.log_lines_dropped,
        exports: telemetry.as_ref().map(Telemetry::exports).unwrap_or_default(),
    };
    let (admin, admin_server) = start_admin(admin_listener, &stats, changes)?;
    let metrics_server = metrics::start(metrics_plan.as_ref(), &stats);
    Ok(Gateway {
        address,
        is_secure,
        admin,
        server: handle,
        admin_server,
        metrics_server,
        telemetry,
        shadows,
        _splits: split_control,
        _discovery: discovery,
        control,
        announcer,
        orders,
        reloader,
        stats,
        stats_thread,
        stop_time,
    })
}

/// How long a stop waits for connections: as long as the file says, else until every request must have been answered.
pub(super) fn stop_time(plan: &Plan) -> Duration {
    let longest = || plan.endpoints.iter().map(|endpoint| endpoint.timeout).max().unwrap_or_default();
    plan.service.shutdown_time.unwrap_or_else(|| longest().saturating_add(STOP_MARGIN))
}

/// The same as whole seconds, rounded up, at least 1.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)
}

/// How long a stop waits for the workers, which count in whole seconds. A limit between two of those is kept to the
/// moment; otherwise a worker that is stuck must not keep the mirrors from being drained.
fn patience(stop_time: Duration) -> Duration {
    if stop_time.subsec_nanos() > 0 {
        stop_time
    } else {
        stop_time.max(Duration::from_secs(1)).saturating_add(WORKER_MARGIN)
    }
}

/// Finds out whether a gateway could start: reads its certificates, binds its addresses, and lets go of them.
///
/// # Errors
/// When an address can't be bound, or HTTPS can't be served.
pub fn try_to_listen(service: &ServicePlan) -> Result<(), StartError> {
    service.tls.as_ref().map(tls::server_config).transpose().map_err(StartError::Tls)?;
    let _public = listen(service)?;
    let _admin = listen_admin(service)?;
    Ok(())
}

fn start_stats(thread: &Arbiter, plan: &Plan) -> Addr<StatsActor> {
    let names = Arc::clone(&plan.names);
    let settings = plan.service.metrics_settings();
    let actor = move |_ctx: &mut _| StatsActor::new(names, Arc::default()).collecting(settings);
    StatsActor::start_in_arbiter(&thread.handle(), actor)
}

/// The shadows and splits of the first plan, which go on with nothing; the stats actor hears where their books are.
fn start_shadows(
    (shadows, splits): (&mut Shadows, &mut Splits),
    plan: &Arc<Plan>,
    upstream: (&Secure, &Found),
    stats: &Addr<StatsActor>,
) {
    let registry = shadows.settle(plan, &Heritage::default(), upstream, stats);
    splits.settle(plan, &Heritage::default(), &registry);
    let metrics = plan.service.metrics_settings();
    #[expect(clippy::disallowed_methods, reason = "the first message, once")]
    stats.do_send(Rename { names: Arc::clone(&plan.names), registry, metrics });
}

fn listen(service: &ServicePlan) -> Result<TcpListener, StartError> {
    let wanted = service.listen;
    let bound = bind(wanted);
    let bound = match bound {
        // A machine without IPv6 still has every IPv4 address.
        Err(error) if wanted.is_ipv6() && wanted.ip().is_unspecified() && error.kind() != io::ErrorKind::AddrInUse => {
            bind(SocketAddr::from(([0, 0, 0, 0], wanted.port())))
        }
        other => other,
    };
    bound.map_err(|error| StartError::Listen(wanted, error))
}

/// Binds with the address free again at once after a restart, and a backlog that survives a burst.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = if address.is_ipv6() { socket2::Domain::IPV6 } else { socket2::Domain::IPV4 };
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// The admin listener. The default address gives way when it is taken: two gateways on one machine are not an error.
fn listen_admin(service: &ServicePlan) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = service.admin else { return Ok(None) };
    match admin::bind(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if service.admin_is_explicit => Err(StartError::Admin(address, error)),
        Err(error) => {
            tracing::warn!("no dashboard and no metrics: {address} is taken ({error}); choose another with --admin");
            Ok(None)
        }
    }
}

fn start_admin(
    listener: Option<TcpListener>,
    stats: &Addr<StatsActor>,
    changes: Changes,
) -> Result<(Option<SocketAddr>, Option<ServerHandle>), StartError> {
    let Some(listener) = listener else { return Ok((None, None)) };
    let address = listener.local_addr().ok();
    let failed = |error| StartError::Admin(address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))), error);
    let server = admin::serve(listener, stats.clone(), changes).map_err(failed)?;
    let handle = server.handle();
    actix::spawn(server);
    Ok((address, Some(handle)))
}

fn server(
    announcer: Announcer,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
    workers: Option<usize>,
    stop_time: Duration,
) -> io::Result<Server> {
    let terms = Arc::new(Terms::of(&announcer.current().shared.plan.service));
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let workers = workers.or_else(|| std::thread::available_parallelism().map(usize::from).ok()).unwrap_or(1);
    let builder = Server::build().workers(workers).shutdown_timeout(whole_seconds(stop_time)).disable_signals();
    let signal = builder.graceful_shutdown_signal();
    let stopping = move || {
        let signal = signal.clone();
        async move { signal.notified().await }
    };
    let front = move || front(announcer.clone(), Arc::clone(&terms), tls.clone(), stopping.clone());
    Ok(builder.listen("clients", listener, front)?.run())
}

impl Gateway {
    /// The numbers as they stand.
    pub async fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.stats.send(Read).await.ok()
    }

    /// Where reloads are asked for, if there are any.
    #[must_use]
    pub fn orders(&self) -> Option<Orders> {
        self.orders.clone()
    }

    /// Switches all shadows off or on at each of these signals.
    pub fn switch_shadows_at(&self, mut switches: Switches) {
        let control = Arc::clone(&self.control);
        actix::spawn(async move {
            while switches.next().await.is_some() {
                control.toggle(Who::Signal, Moment::now());
            }
        });
    }

    /// Ends in order: no new connections, live requests finish within their limit, no new mirrors, mirrors under way
    /// finish within theirs, last numbers.
    pub async fn stop(self) {
        // A reload that is under way would only start what is to end.
        if let Some(reloader) = &self.reloader {
            reloader.abort();
        }
        if timeout(patience(self.stop_time), self.server.stop(true)).await.is_err() {
            tracing::warn!("a worker thread does not end in time, going on without it");
        }
        let drain_time = self.announcer.current().shared.plan.service.shadow_drain_time;
        let shadows = self.shadows.take();
        shadows.drain(drain_time).await;
        if let Ok(snapshot) = self.stats.send(Read).await {
            log_summary(&snapshot);
        }
        if let Some(telemetry) = self.telemetry {
            telemetry.stop().await;
        }
        for server in self.admin_server.iter().chain(&self.metrics_server) {
            server.stop(false).await;
        }
        self.stats_thread.stop();
    }
}

fn log_summary(snapshot: &Snapshot) {
    for endpoint in &snapshot.endpoints {
        for books in endpoint
            .backends
            .iter()
            .filter_map(|backend| backend.books.as_ref())
            .filter(|books| books.books.offered > 0)
        {
            tracing::info!(
                "[ENDPOINT: {}] shadow: {} offered, {} sent, {} abandoned",
                endpoint.path,
                books.books.offered,
                books.books.sent,
                books.books.abandoned
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_waits_exactly_as_long_as_it_is_told() {
        for exact in [Duration::from_millis(200), Duration::from_millis(2500), Duration::from_nanos(1)] {
            assert_eq!(patience(exact), exact);
        }
        assert_eq!(patience(Duration::from_secs(3)), Duration::from_secs(3) + WORKER_MARGIN);
        assert_eq!(patience(Duration::MAX.saturating_sub(Duration::from_nanos(999_999_999))), Duration::MAX);
    }
}
