//! What is the same for all endpoints: addresses, times, limits, and who may see what.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;

use crate::{
    backend::transport::PoolLimits,
    component::tables,
    config::{Service, diagnostic::Findings},
    plan::{ClientAddress, EndpointPlan, Identity, ServicePlan, metrics, telemetry},
};

/// The plan of the service.
pub(super) fn service_plan(config: &Service, endpoints: &[Arc<EndpointPlan>], findings: &mut Findings) -> ServicePlan {
    let error_body = |status: u16| config.router.error_body.get(&status).map(|text| Bytes::from(text.clone()));
    ServicePlan {
        name: config.name.clone(),
        listen: ServicePlan::listen_address(config.listen_ip, config.port),
        identity: Identity::new(config.router.hide_version_header),
        edge: tables::edge(&config.extra, findings),
        client_address: ClientAddress::new(&config.router),
        shows_errors: config.router.return_error_msg,
        skips_path_check: config.router.disable_path_decoding,
        not_found_body: error_body(404),
        method_not_allowed_body: error_body(405),
        speaks_h2c: config.use_h2c,
        logs_access: !config.router.disable_access_log,
        access_form: config.access_form,
        secret_parameters: ServicePlan::secret_parameters(config),
        secret_headers: ServicePlan::secret_headers(config),
        unlogged_paths: config.router.logger_skip_paths.clone(),
        read_time: config.read_timeout,
        head_time: config.read_header_timeout.or(config.read_timeout),
        write_time: config.write_timeout,
        head_bytes: config.max_header_bytes,
        idle_time: config.idle_timeout.or(config.read_timeout).or(config.read_header_timeout),
        shutdown_time: config.max_shutdown_wait,
        pool: pool_limits(config),
        idle_connections: config.transport.max_idle_connections,
        discovery_period: config.dns_cache_ttl,
        tls: config.tls.clone(),
        client_tls: config.client_tls.clone(),
        metrics: metrics::plan(config),
        telemetry: telemetry::service(config, endpoints),
        logging: config.logging.clone(),
        admin: admin_address(config),
        admin_is_explicit: config.admin.explicit,
        admin_token: config.admin.token.clone(),
        shadow_memory_bytes: config.shadow.memory_budget_bytes,
        shadow_threads: config.shadow.threads.max(1),
        shadow_drain_time: config.shadow.drain_timeout,
        overload_lag: config.shadow.overload_lag,
        overload_sheds_plain: config.shadow.overload_explicit,
        kill_file: config.shadow.kill_file.clone(),
    }
}

/// The default address leaves its port to `telemetry/metrics`, whose default it is as well.
fn admin_address(config: &Service) -> Option<SocketAddr> {
    let address = config.admin.listen?;
    let taken = config.metrics.as_ref().and_then(|metrics| metrics.listen).map(|listen| listen.port());
    let gives_way = !config.admin.explicit && taken == Some(address.port());
    Some(if gives_way { SocketAddr::new(address.ip(), address.port() + 1) } else { address })
}

fn pool_limits(config: &Service) -> PoolLimits {
    let transport = &config.transport;
    PoolLimits {
        idle_per_host: if transport.disable_keep_alives { 0 } else { transport.max_idle_connections_per_host },
        idle_time: transport.idle_connection_timeout,
        continue_time: transport.expect_continue_timeout,
        keep_alive_time: transport.dialer_keep_alive,
        fallback_delay: transport.dialer_fallback_delay,
        dial_time: transport.dialer_timeout,
        head_time: transport.response_header_timeout,
    }
}
