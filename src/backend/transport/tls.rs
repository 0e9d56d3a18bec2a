//! TLS towards upstreams: whom we believe, what we show of ourselves, and in what words it fails.
//!
//! Promises: nothing is trusted that was not asked for; the words of failures are Go's, which users' log alerts match
//! on; HTTP/1.1 is what is offered, for it is what is spoken.

use std::{io, sync::Arc, time::Duration};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, InvalidMessage, SignatureScheme,
    client::{ResolvesClientCert, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::ServerName,
    sign::CertifiedKey,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    config::ClientTls,
    tls::{Trust, crypto, files, listed},
};

use super::{TransportError, blind::Blind};

/// How long a handshake may take (Go's default, which KrakenD has no key for).
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// The client's side of TLS, made once and shared by every connection of the gateway.
#[derive(Clone)]
pub struct Secure(Result<TlsConnector, Arc<str>>);

impl std::fmt::Debug for Secure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secure").field(&self.0.as_ref().map(|_connector| ())).finish()
    }
}

impl Secure {
    /// Reads what `client_tls` names; without one, TLS 1.2 and 1.3 and the system's authorities. Files that can't be
    /// used are told in the log and left out, as in KrakenD.
    #[must_use]
    pub fn new(client: Option<&ClientTls>) -> Self {
        Self(client_config(client).map(|config| TlsConnector::from(Arc::new(config))).map_err(Arc::from))
    }

    /// Shakes hands over a connection.
    ///
    /// # Errors
    /// When the other side is not who it should be, does not speak TLS with us, or takes longer than ten seconds.
    pub(super) async fn handshake(&self, host: &str, tcp: TcpStream) -> Result<TlsStream<TcpStream>, TransportError> {
        let connector = self.0.as_ref().map_err(|why| TransportError::Tls(why.to_string()))?;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|error| TransportError::Tls(format!("tls: {error}")))?;
        match timeout(HANDSHAKE_TIME, connector.connect(name, tcp)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(TransportError::Tls(go_text(&error))),
            Err(_elapsed) => Err(TransportError::Tls("net/http: TLS handshake timeout".into())),
        }
    }
}

fn client_config(client: Option<&ClientTls>) -> Result<ClientConfig, String> {
    let provider = match client {
        Some(client) => crypto::restricted(&client.curves, client.cipher_suites.as_deref()),
        None => crypto::provider(),
    };
    let (lowest, highest) = client.map_or((12, 13), |client| (client.min_version, client.max_version));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&crypto::versions(lowest, highest))
        .map_err(|_nothing_left| "tls: no supported versions satisfy MinVersion and MaxVersion")?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(client, &provider));
    let keys = client.map(|client| own_keys(client, &provider)).unwrap_or_default();
    let mut config = match keys.is_empty() {
        true => builder.with_no_client_auth(),
        false => builder.with_client_cert_resolver(Arc::new(Shown(keys))),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Nobody to trust is not an error: then every call fails, as it should.
fn verifier(client: Option<&ClientTls>, provider: &Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    if client.is_some_and(|client| client.allow_insecure_connections) {
        return Arc::new(Blind::believing(provider));
    }
    let (ca_certs, with_system) =
        client.map_or((&[][..], true), |client| (&client.ca_certs, !client.disable_system_ca_pool));
    let trust = Trust::read("client_tls", ca_certs, with_system);
    listed::of_servers(trust, provider).unwrap_or_else(|error| {
        tracing::info!("no certificate of a backend will be believed: {error}");
        Arc::new(Blind::doubting(provider))
    })
}

fn own_keys(client: &ClientTls, provider: &CryptoProvider) -> Vec<Arc<CertifiedKey>> {
    let pairs = client.client_certs.iter();
    let keys =
        pairs.filter_map(|pair| match files::certified("client_tls.client_certs", "certificate", pair, provider) {
            Ok(key) => Some(key),
            Err(error) => {
                tracing::error!("{error}; it will not be shown to backends");
                None
            }
        });
    keys.collect()
}

/// The certificates we may show.
#[derive(Debug)]
struct Shown(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shown {
    /// The first that the upstream can verify and whose chain mentions an authority it names.
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut usable = self.0.iter().filter(|key| key.key.choose_scheme(schemes).is_some());
        if authorities.is_empty() {
            return usable.next().cloned();
        }
        usable.find(|key| authorities.iter().any(|authority| mentions(key, authority))).cloned()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Whether a name stands in one of the certificates. Names are encoded the same wherever they stand.
fn mentions(key: &CertifiedKey, name: &[u8]) -> bool {
    !name.is_empty() && key.cert.iter().any(|certificate| certificate.windows(name.len()).any(|part| part == name))
}

/// What went wrong on a connection, told apart: a failure of TLS may come with any byte.
pub(super) fn of_io(error: io::Error) -> TransportError {
    if is_of_tls(&error) { TransportError::Tls(go_text(&error)) } else { TransportError::Io(error) }
}

/// Whether an error of a connection comes from TLS and not from the socket below it.
#[must_use]
pub fn is_of_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|cause| cause.is::<Error>())
}

fn go_text(error: &io::Error) -> String {
    let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => "EOF".into(),
            io::ErrorKind::ConnectionReset => "read: connection reset by peer".into(),
            _ => error.to_string(),
        };
    };
    match cause {
        Error::InvalidCertificate(error) => {
            format!("tls: failed to verify certificate: x509: {}", certificate_text(error))
        }
        Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "tls: first record does not look like a TLS handshake".into()
        }
        Error::PeerIncompatible(_) => format!("tls: {cause}"),
        other => format!("tls: {other}"),
    }
}

fn certificate_text(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "certificate signed by unknown authority".into(),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "certificate has expired or is not yet valid".into(),
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => {
            format!("certificate is not valid for any names, but wanted to match {}", expected.to_str())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("certificate is valid for {}, not {}", presented.join(", "), expected.to_str())
        }
        other => other.to_string(),
    }
}

fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::BadCertificate => "bad certificate".into(),
        AlertDescription::CertificateRequired => "certificate required".into(),
        AlertDescription::CertificateExpired => "expired certificate".into(),
        AlertDescription::UnknownCA => "unknown certificate authority".into(),
        AlertDescription::HandshakeFailure => "handshake failure".into(),
        AlertDescription::ProtocolVersion => "protocol version not supported".into(),
        AlertDescription::UnrecognisedName => "unrecognized name".into(),
        AlertDescription::InternalError => "internal error".into(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::files::tests::Files;

    fn client() -> ClientTls {
        ClientTls {
            allow_insecure_connections: false,
            ca_certs: Vec::new(),
            disable_system_ca_pool: true,
            min_version: 13,
            max_version: 13,
            curves: Vec::new(),
            cipher_suites: None,
            client_certs: Vec::new(),
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_left_out() {
        let files = Files::new("client");
        let mut bad = files.pair(&["gateway.test"]);
        bad.private_key = "/nowhere/k.pem".into();
        let wanted = ClientTls {
            ca_certs: vec!["/nowhere/ca.pem".into()],
            client_certs: vec![bad, files.pair(&["other.test"])],
            ..client()
        };
        assert_eq!(own_keys(&wanted, &crypto::provider()).len(), 1);
        assert!(client_config(Some(&wanted)).is_ok());
    }

    #[test]
    fn contradicting_versions_fail_every_call_in_the_words_of_the_original() {
        let wanted = ClientTls { max_version: 12, ..client() };
        let error = client_config(Some(&wanted)).unwrap_err();
        assert_eq!(error, "tls: no supported versions satisfy MinVersion and MaxVersion");
    }

    #[test]
    fn curves_and_cipher_suites_are_those_of_the_file() {
        let wanted = ClientTls { curves: vec![24], cipher_suites: Some(vec![0xc02f]), min_version: 12, ..client() };
        let config = client_config(Some(&wanted)).unwrap();
        let curves: Vec<u16> = config.crypto_provider().kx_groups.iter().map(|group| group.name().into()).collect();
        let suites = config.crypto_provider().cipher_suites.iter().filter(|suite| suite.tls13().is_none());
        assert_eq!((curves, suites.map(|suite| suite.suite().into()).collect()), (vec![24], vec![0xc02f_u16]));
    }

    #[test]
    fn only_http_1_1_is_offered() {
        assert_eq!(client_config(Some(&client())).unwrap().alpn_protocols, [b"http/1.1"]);
    }

    #[test]
    fn errors_of_tls_are_told_from_those_of_the_socket() {
        let of_tls = io::Error::new(io::ErrorKind::InvalidData, Error::AlertReceived(AlertDescription::UnknownCA));
        let told = of_io(of_tls).to_string();
        assert_eq!(told, "remote error: tls: unknown certificate authority");
        let of_socket = of_io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(of_socket.to_string(), "read: connection reset by peer");
    }
}
