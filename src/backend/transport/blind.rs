//! The verifiers at the two ends: one believes every upstream (`allow_insecure_connections`), one believes none.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Believes a certificate according to `believes`. That the other side holds the certificate's key is checked anyway.
#[derive(Debug)]
pub(super) struct Blind {
    believes: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Blind {
    /// Believes everybody.
    pub(super) fn believing(provider: &Arc<CryptoProvider>) -> Self {
        Self { believes: true, algorithms: provider.signature_verification_algorithms }
    }

    /// Believes nobody, for there is no authority to believe.
    pub(super) fn doubting(provider: &Arc<CryptoProvider>) -> Self {
        Self { believes: false, ..Self::believing(provider) }
    }
}

impl ServerCertVerifier for Blind {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.believes {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
