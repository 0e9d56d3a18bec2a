//! Connecting to a name: its addresses in turn, its two families side by side (RFC 6555), as Go's dialer does it.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};

use super::{Marks, PoolLimits, TransportError, lookups::Lookups};

/// How long after an unanswered probe the next one is sent (Go's default).
const PROBE_INTERVAL: Duration = Duration::from_secs(15);

/// Connects to `host:port`.
///
/// # Errors
/// When the name has no address, or none of them accepts within the limit.
pub(super) async fn dial(
    host: &str,
    port: u16,
    limits: &PoolLimits,
    lookups: &Lookups,
    marks: Option<&Marks>,
) -> Result<TcpStream, TransportError> {
    let dialing = dial_any(host, port, limits.fallback_delay, lookups, marks);
    let tcp = match limits.dial_time {
        None => dialing.await?,
        Some(limit) => timeout(limit, dialing).await.unwrap_or_else(|_elapsed| {
            let address = format!("{host}:{port}");
            Err(TransportError::Connect { address, error: io::ErrorKind::TimedOut.into() })
        })?,
    };
    // Small requests and answers must not wait for the other side's acknowledgement.
    tcp.set_nodelay(true).map_err(TransportError::Io)?;
    if let Some(time) = limits.keep_alive_time {
        let probes = TcpKeepalive::new().with_time(whole_seconds(time)).with_interval(PROBE_INTERVAL);
        SockRef::from(&tcp).set_tcp_keepalive(&probes).map_err(TransportError::Io)?;
    }
    Ok(tcp)
}

/// Rounded up, for the system counts seconds and takes no zero.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)))
}

async fn dial_any(
    host: &str,
    port: u16,
    fallback_delay: Option<Duration>,
    lookups: &Lookups,
    marks: Option<&Marks>,
) -> Result<TcpStream, TransportError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return dial_one(SocketAddr::new(ip, port)).await;
    }
    let looking = marks.map(|marks| marks.look_up.begin());
    let addresses = lookups.find(bare, port).await.map_err(TransportError::Resolve)?;
    drop(looking);
    dial_both(&addresses, fallback_delay).await
}

/// The family of the first address is tried first, the other a little later or when the first has failed.
async fn dial_both(addresses: &[SocketAddr], fallback_delay: Option<Duration>) -> Result<TcpStream, TransportError> {
    let is_first = addresses.first().map(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| Some(address.is_ipv6()) == is_first);
    let Some(delay) = fallback_delay.filter(|_| !second.is_empty()) else { return dial_serially(addresses).await };
    let mut primary = pin!(dial_serially(&first));
    let failed = match timeout(delay, &mut primary).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => Some(error),
        Err(_elapsed) => None,
    };
    let mut fallback = pin!(dial_serially(&second));
    if let Some(error) = failed {
        return fallback.await.map_err(|_also| error);
    }
    tokio::select! {
        outcome = &mut primary => match outcome {
            Ok(stream) => Ok(stream),
            Err(error) => fallback.await.map_err(|_also| error),
        },
        outcome = &mut fallback => match outcome {
            Ok(stream) => Ok(stream),
            Err(_error) => primary.await,
        },
    }
}

async fn dial_serially(addresses: &[SocketAddr]) -> Result<TcpStream, TransportError> {
    let mut first = None;
    for address in addresses {
        match dial_one(*address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| TransportError::Resolve(io::Error::other("no such host"))))
}

async fn dial_one(address: SocketAddr) -> Result<TcpStream, TransportError> {
    TcpStream::connect(address).await.map_err(|error| TransportError::Connect { address: address.to_string(), error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// An address that is reserved for documentation: nobody answers, or the system says at once that there is no way.
    const NOWHERE: &str = "[2001:db8::1]:9";

    async fn listener(ip: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn the_other_family_is_tried_when_the_first_fails_or_is_slow() {
        let (_listening, address) = listener("127.0.0.1").await;
        let nowhere = NOWHERE.parse().unwrap();
        let tcp = dial_both(&[nowhere, address], Some(Duration::from_millis(1))).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), address);
    }

    #[tokio::test]
    async fn the_first_family_is_preferred_and_its_failure_is_told() {
        let (_listening, address) = listener("127.0.0.1").await;
        // Bound and not listening: nobody else gets the port meanwhile.
        let refusing = tokio::net::TcpSocket::new_v4().unwrap();
        refusing.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let refusing_address = refusing.local_addr().unwrap();
        let tcp = dial_both(&[refusing_address, address], Some(Duration::from_secs(3600))).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), address);
        for delay in [None, Some(Duration::from_secs(3600))] {
            let error = dial_both(&[refusing_address], delay).await.unwrap_err();
            assert!(error.to_string().contains(&refusing_address.to_string()), "{error}");
        }
        assert!(matches!(dial_both(&[], None).await, Err(TransportError::Resolve(_))));
    }
}
