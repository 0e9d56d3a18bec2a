//! A client that speaks TLS, HTTP/1.1 or HTTP/2.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Authority, Identity};
use crate::{
    patience::LIMIT,
    wire::{Kind, Reader},
};

/// What a client wants and shows.
pub(crate) struct SecureClient<'a> {
    pub(crate) trusts: &'a Authority,
    pub(crate) name: &'static str,
    pub(crate) shows: Option<&'a Identity>,
    pub(crate) version: &'static SupportedProtocolVersion,
}

/// What it got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) status: String,
    pub(crate) body: Vec<u8>,
    /// The protocol that was agreed on.
    pub(crate) protocol: String,
    pub(crate) version: Option<ProtocolVersion>,
    /// The number of the cipher suite.
    pub(crate) cipher_suite: Option<u16>,
    /// The number of the curve.
    pub(crate) curve: Option<u16>,
    /// What the server showed.
    pub(crate) certificate: CertificateDer<'static>,
}

impl<'a> SecureClient<'a> {
    /// Calls by the name `localhost`, with TLS 1.3 and without a certificate.
    pub(crate) fn trusting(trusts: &'a Authority) -> Self {
        Self { trusts, name: "localhost", shows: None, version: &rustls::version::TLS13 }
    }

    /// One GET with HTTP/1.1.
    pub(crate) fn get(&self, address: SocketAddr, target: &str) -> io::Result<Exchange> {
        within_limit(async {
            let mut stream = self.connect(address, "http/1.1").await?;
            let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.name);
            stream.write_all(request.as_bytes()).await?;
            let mut reader = Reader::new(Kind::Answer);
            let mut buffer = vec![0; 64 * 1024];
            while !reader.is_done() {
                match stream.read(&mut buffer).await? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => reader.feed(buffer.get(..count).unwrap_or_default()),
                }
            }
            let message = reader.take();
            Ok(exchange(&stream, message.word(1), message.body.clone()))
        })
    }

    /// One GET with HTTP/2.
    pub(crate) fn get_by_http_2(&self, address: SocketAddr, target: &str) -> io::Result<Exchange> {
        within_limit(async {
            let stream = self.connect(address, "h2").await?;
            let empty = exchange(&stream, "", Vec::new());
            let (mut sender, connection) = h2::client::handshake(stream).await.map_err(io::Error::other)?;
            let carrying = tokio::spawn(connection);
            let request =
                http::Request::get(format!("https://{}{target}", self.name)).body(()).map_err(io::Error::other)?;
            let (answer, _upload) = sender.send_request(request, true).map_err(io::Error::other)?;
            let answer = answer.await.map_err(io::Error::other)?;
            let status = answer.status().as_u16().to_string();
            let (mut chunks, mut body) = (answer.into_body(), Vec::new());
            while let Some(chunk) = chunks.data().await {
                body.extend_from_slice(&chunk.map_err(io::Error::other)?);
            }
            carrying.abort();
            Ok(Exchange { status, body, ..empty })
        })
    }

    /// Asks with HTTP/1.1, waits until the request has come `through`, and hangs up without an answer.
    pub(crate) fn leave(&self, address: SocketAddr, target: &str, through: impl Fn() -> bool) {
        let left = within_limit(async {
            let mut stream = self.connect(address, "http/1.1").await?;
            let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.name);
            stream.write_all(request.as_bytes()).await?;
            while !through() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        });
        left.expect("the request could be sent");
    }

    async fn connect(&self, address: SocketAddr, protocol: &str) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.certificate()).map_err(io::Error::other)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[self.version])
            .map_err(io::Error::other)?
            .with_root_certificates(roots);
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some(own) => builder.with_client_auth_cert(own.chain(), own.key()).map_err(io::Error::other)?,
        };
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from(self.name).map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await
    }
}

fn exchange(stream: &TlsStream<TcpStream>, status: &str, body: Vec<u8>) -> Exchange {
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().and_then(|chain| chain.first()).expect("a server shows a certificate");
    Exchange {
        status: status.to_owned(),
        body,
        protocol: String::from_utf8_lossy(session.alpn_protocol().unwrap_or_default()).into_owned(),
        version: session.protocol_version(),
        cipher_suite: session.negotiated_cipher_suite().map(|suite| suite.suite().into()),
        curve: session.negotiated_key_exchange_group().map(|group| group.name().into()),
        certificate: shown.clone().into_owned(),
    }
}

fn within_limit<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { timeout(LIMIT, work).await.expect("an answer comes within the limit") })
}
