//! HTTPS towards clients: what `tls` says, as the listener needs it.
//!
//! Promises: without a usable key the gateway does not start; with `enable_mtls` nobody gets in without a certificate
//! that was verified.

use std::{fmt, sync::Arc};

use rustls::{
    ServerConfig,
    client::verify_server_name,
    pki_types::ServerName,
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::{
    config::Tls,
    tls::{FileError, Trust, crypto, files, listed},
};

/// Why HTTPS can't be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// A file can't be used.
    File(FileError),
    /// What was asked for can't be done.
    Impossible(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Impossible(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for TlsError {}

/// What the listener needs; it offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// When a certificate or a key can't be used, or no version of TLS is left.
pub fn server_config(tls: &Tls) -> Result<ServerConfig, TlsError> {
    let provider = crypto::restricted(&tls.curves, tls.cipher_suites.as_deref());
    let keys = tls.keys.iter().map(|pair| files::certified("tls", "public_key", pair, &provider));
    let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(TlsError::File)?;
    let first = keys.first().cloned().ok_or_else(|| TlsError::Impossible("tls.keys: no key is defined".into()))?;
    let versions = crypto::versions(tls.min_version, tls.max_version);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&versions).map_err(|_nothing_left| {
        let why =
            "nothing is left of tls.min_version, tls.max_version (both are TLS13 unless given) and tls.cipher_suites";
        TlsError::Impossible(why.into())
    })?;
    let builder = if tls.enable_mtls {
        let trust = trust(tls, &keys);
        let verifier = listed::of_clients(trust, &provider);
        builder.with_client_cert_verifier(verifier.map_err(|error| TlsError::Impossible(format!("tls: {error}")))?)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::new(ByName { first, all: keys }));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Who may vouch for clients: the system's authorities, those listed, and the server's own certificates.
fn trust(tls: &Tls, keys: &[Arc<CertifiedKey>]) -> Trust {
    let mut trust = Trust::read("tls", &tls.ca_certs, !tls.disable_system_ca_pool);
    for key in keys {
        trust.add(key.cert.clone());
    }
    trust
}

/// The first key that fits the name asked for and what the client can verify, or else the first of all, as in Go.
#[derive(Debug)]
struct ByName {
    first: Arc<CertifiedKey>,
    all: Vec<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if self.all.len() == 1 {
            return Some(Arc::clone(&self.first));
        }
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let fits = |key: &&Arc<CertifiedKey>| {
            key.key.choose_scheme(hello.signature_schemes()).is_some()
                && name.as_ref().is_none_or(|name| is_for(key, name))
        };
        Some(Arc::clone(self.all.iter().find(fits).unwrap_or(&self.first)))
    }
}

fn is_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let parsed = key.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::KeyPair, tls::files::tests::Files};

    fn tls(keys: Vec<KeyPair>) -> Tls {
        Tls {
            keys,
            min_version: 13,
            max_version: 13,
            curves: Vec::new(),
            cipher_suites: None,
            enable_mtls: false,
            ca_certs: Vec::new(),
            disable_system_ca_pool: true,
        }
    }

    #[test]
    fn a_listener_needs_a_key() {
        assert!(matches!(server_config(&tls(Vec::new())), Err(TlsError::Impossible(_))));
    }

    #[test]
    fn one_bad_key_among_good_ones_is_refused() {
        let files = Files::new("one-bad");
        let bad = KeyPair { certificate: "/nowhere/c.pem".into(), private_key: "/nowhere/k.pem".into() };
        let error = server_config(&tls(vec![files.pair(&["a.test"]), bad])).unwrap_err();
        assert!(error.to_string().starts_with("tls.public_key \"/nowhere/c.pem\": No such file"), "{error}");
    }

    #[test]
    fn contradicting_versions_are_refused() {
        let files = Files::new("versions");
        let wanted = Tls { max_version: 12, ..tls(vec![files.pair(&["a.test"])]) };
        assert!(server_config(&wanted).unwrap_err().to_string().contains("max_version"));
    }

    #[test]
    fn mutual_tls_trusts_at_least_the_own_certificates_and_skips_files_it_cannot_read() {
        let files = Files::new("mutual");
        let wanted = Tls {
            enable_mtls: true,
            ca_certs: vec!["/nowhere/ca.pem".into()],
            ..tls(vec![files.pair(&["a.test"]), files.pair(&["b.test"])])
        };
        assert!(server_config(&wanted).is_ok());
    }
}
