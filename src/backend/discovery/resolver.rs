//! Asks name servers for SRV records: those of the system, or others that the operator names.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};
use tokio::{sync::OnceCell, time::timeout};

use super::srv::Srv;

/// How long one look-up may take, retries included.
const LOOKUP_TIME: Duration = Duration::from_secs(15);

/// One way to the name servers for all names.
pub(super) struct SrvResolver {
    servers: Vec<SocketAddr>,
    made: OnceCell<TokioResolver>,
}

impl SrvResolver {
    /// Asks these servers, or, when there are none, those of `/etc/resolv.conf`.
    pub(super) fn new(servers: &[SocketAddr]) -> Self {
        Self { servers: servers.to_vec(), made: OnceCell::new() }
    }

    /// The records of a name.
    pub(super) async fn lookup(&self, name: &str) -> Result<Vec<Srv>, String> {
        // A system that could not say whom to ask is asked again with the next look-up.
        let resolver = self.made.get_or_try_init(|| async { self.make() }).await?;
        let answer = timeout(LOOKUP_TIME, resolver.srv_lookup(name)).await;
        let answer = answer.map_err(|_elapsed| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
        let record = |data: &RData| match data {
            RData::SRV(srv) => {
                Some(Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: srv.target.to_ascii() })
            }
            _ => None,
        };
        Ok(answer.answers().iter().filter_map(|answer| record(&answer.data)).collect())
    }

    fn make(&self) -> Result<TokioResolver, String> {
        let builder = if self.servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())?
        } else {
            let servers = self.servers.iter().map(server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let mut builder = builder;
        // How long an answer counts says `dns_cache_ttl`.
        builder.options_mut().cache_size = 0;
        builder.build().map_err(|error| error.to_string())
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.to_vec())
}
