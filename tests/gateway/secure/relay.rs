//! TLS in front of an upstream, so that every upstream can be had with it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, server::WebPkiClientVerifier};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Builder,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{Authority, Identity};
use crate::upstream::Upstream;

/// What a handshake ended with: the numbers of the cipher suite and the curve.
pub(crate) type Agreed = (u16, u16);

/// A listener that takes TLS off and hands the rest on.
pub(crate) struct Relay {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    agreed: Arc<Mutex<Option<Agreed>>>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Shows this certificate; asks for one of `clients` if that is given.
    pub(crate) fn before(upstream: &Upstream, shown: &Identity, clients: Option<&Authority>) -> Self {
        Self::speaking(rustls::ALL_VERSIONS, upstream, shown, clients)
    }

    /// The same, speaking only some versions.
    pub(crate) fn speaking(
        versions: &[&'static SupportedProtocolVersion],
        upstream: &Upstream,
        shown: &Identity,
        clients: Option<&Authority>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).expect("the versions are supported");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate()).expect("an authority is one");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.expect("there is an authority"))
            }
        };
        let mut config = builder.with_single_cert(shown.chain(), shown.key()).expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self::start(TlsAcceptor::from(Arc::new(config)), upstream.address())
    }

    fn start(acceptor: TlsAcceptor, to: SocketAddr) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (connections, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let agreed = Arc::default();
        let (counted, noted, stopped) = (Arc::clone(&connections), Arc::clone(&agreed), stop.clone());
        let thread = std::thread::spawn(move || {
            let accepting = async {
                while let Ok((tcp, _)) = listener.accept().await {
                    tokio::spawn(relay(acceptor.clone(), tcp, to, Arc::clone(&counted), Arc::clone(&noted)));
                }
            };
            runtime.block_on(stopped.run_until_cancelled(accepting));
        });
        Self { address, connections, agreed, stop, thread: Some(thread) }
    }

    /// As a `host` of a configuration.
    pub(crate) fn host(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What the last handshake that went well ended with.
    pub(crate) fn agreed(&self) -> Option<Agreed> {
        *self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many handshakes went well.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn relay(
    acceptor: TlsAcceptor,
    tcp: TcpStream,
    to: SocketAddr,
    counted: Arc<AtomicUsize>,
    noted: Arc<Mutex<Option<Agreed>>>,
) {
    let Ok(mut inside) = acceptor.accept(tcp).await else { return };
    counted.fetch_add(1, Ordering::SeqCst);
    let session = inside.get_ref().1;
    let numbers = session.negotiated_cipher_suite().zip(session.negotiated_key_exchange_group());
    *noted.lock().unwrap_or_else(PoisonError::into_inner) =
        numbers.map(|(suite, curve)| (suite.suite().into(), curve.name().into()));
    let Ok(mut behind) = TcpStream::connect(to).await else { return };
    copy_bidirectional(&mut inside, &mut behind).await.ok();
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
