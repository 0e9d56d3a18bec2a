//! Verification that also takes a certificate which is itself among the listed ones.
//!
//! Go, and so KrakenD, trusts a certificate that `ca_certs` names, or that the server itself shows, whoever issued it
//! and even when it calls itself an authority, as those made by `openssl req -x509` do; the library here refuses an
//! authority as the end of a chain and wants to know who issued the end of one. Everything else (dates, names,
//! signatures) stays the library's.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate, VerifierBuilderError, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::Trust;

/// The verifier of upstreams' certificates.
///
/// # Errors
/// When nobody is trusted.
pub fn of_servers(
    trust: Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, VerifierBuilderError> {
    let inner = WebPkiServerVerifier::builder_with_provider(trust.roots, Arc::clone(provider)).build()?;
    Ok(Arc::new(Listed { inner: inner as Arc<dyn ServerCertVerifier>, listed: trust.listed }))
}

/// The verifier of clients' certificates, which every client must show.
///
/// # Errors
/// When nobody is trusted.
pub fn of_clients(
    trust: Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    let inner = WebPkiClientVerifier::builder_with_provider(trust.roots, Arc::clone(provider)).build()?;
    Ok(Arc::new(Listed { inner, listed: trust.listed }))
}

#[derive(Debug)]
struct Listed<V: ?Sized> {
    inner: Arc<V>,
    listed: Vec<CertificateDer<'static>>,
}

impl<V: ?Sized> Listed<V> {
    /// Whether the only thing against a certificate is that it calls itself an authority, or that nobody who is known
    /// issued it, and it is listed. The library looks at the dates before it looks at either, and at what the
    /// certificate is for before it looks for who issued it.
    fn vouches(&self, certificate: &CertificateDer<'_>, error: &Error) -> bool {
        let is_bearable = match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
            Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
                cause.to_string() == "CaUsedAsEndEntity"
            }
            _ => false,
        };
        is_bearable && self.listed.iter().any(|listed| listed == certificate)
    }
}

impl ServerCertVerifier for Listed<dyn ServerCertVerifier> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(error) if self.vouches(end_entity, &error) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl ClientCertVerifier for Listed<dyn ClientCertVerifier> {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.inner.verify_client_cert(end_entity, intermediates, now) {
            Err(error) if self.vouches(end_entity, &error) => Ok(ClientCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
