//! Fetches the sets of keys that components need.
//!
//! Promises: an address that hangs costs its caller ten seconds at most, one that never ends a megabyte. Connections
//! are not kept, for a cache asks once a quarter of an hour. `client_tls` does not count here, as in the original.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::LocalBoxFuture;
use http::{
    HeaderValue, Method, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
};

use crate::{
    component::auth::{KeyDocument, KeyHost, KeyHosts},
    config::ClientTls,
    model::{Body, Failure, Headers, Outbound},
};

use super::{
    Client,
    redirect::{Next, Trail},
    transport::{PoolLimits, Secure},
};

/// How much later the other family of addresses is tried (Go's default).
const FALLBACK_DELAY: Duration = Duration::from_millis(300);
/// How long a set may take to arrive. (KrakenD waits for ever.)
const FETCH_TIME: Duration = Duration::from_secs(10);
/// How large it may be, in bytes.
const SET_BYTES_MAX: usize = 1024 * 1024;

/// Whose certificates are believed: anyone's, or also that of an authority in a file.
type Trust = (bool, Option<PathBuf>);

/// Fetches over connections of its own.
#[derive(Debug)]
pub struct FetchedKeys {
    agent: HeaderValue,
    /// Made when first needed: reading the system's authorities takes a while.
    secures: Mutex<HashMap<Trust, Secure>>,
}

impl FetchedKeys {
    /// Fetches in the name of `agent`.
    #[must_use]
    pub fn new(agent: HeaderValue) -> Self {
        Self { agent, secures: Mutex::default() }
    }

    fn secure(&self, host: &KeyHost) -> Secure {
        let trust = (host.is_insecure, host.authority.clone());
        let mut secures = self.secures.lock().unwrap_or_else(PoisonError::into_inner);
        let made = secures.entry(trust).or_insert_with(|| {
            Secure::new(Some(&ClientTls {
                allow_insecure_connections: host.is_insecure,
                ca_certs: host.authority.iter().cloned().collect(),
                disable_system_ca_pool: false,
                min_version: 12,
                max_version: 13,
                curves: Vec::new(),
                cipher_suites: None,
                client_certs: Vec::new(),
            }))
        });
        made.clone()
    }

    async fn get(&self, host: &KeyHost) -> Result<KeyDocument, Failure> {
        let uri: Uri = host.url.parse().map_err(|error: http::uri::InvalidUri| {
            Failure::new(crate::model::Kind::NoHost, format!("{:?}: {error}", host.url))
        })?;
        let mut headers = Headers::new();
        headers.append(USER_AGENT, self.agent.clone());
        let outbound = Outbound { method: Method::GET, uri, headers, asked_for_gzip: false };
        let limits = PoolLimits {
            head_time: Some(FETCH_TIME),
            dial_time: Some(FETCH_TIME),
            fallback_delay: Some(FALLBACK_DELAY),
            ..PoolLimits::default()
        };
        let client = Client::new(limits, self.secure(host));
        let mut trail = Trail::new(outbound, &Body::Empty, false);
        let mut inbound = client.send(trail.outbound(), Body::Empty).await?;
        while let Next::Follow(body) = trail.next(&inbound)? {
            inbound = client.send(trail.outbound(), body).await?;
        }
        let content_type = inbound.header(&CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = content_type.to_owned();
        Ok(KeyDocument { content_type, text: inbound.read_whole(SET_BYTES_MAX).await? })
    }
}

impl KeyHosts for FetchedKeys {
    fn fetch<'a>(&'a self, from: &'a KeyHost) -> LocalBoxFuture<'a, Result<KeyDocument, String>> {
        Box::pin(async move {
            match tokio::time::timeout(FETCH_TIME, self.get(from)).await {
                Ok(fetched) => fetched.map_err(|failure| failure.message),
                Err(_elapsed) => Err(format!("no answer from {:?} in {} s", from.url, FETCH_TIME.as_secs())),
            }
        })
    }
}
