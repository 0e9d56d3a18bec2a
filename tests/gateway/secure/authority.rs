//! Authorities made for one test, and the certificates they issue.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::gnomon::Folder;

/// Somebody who vouches for others.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let params = params(name, &[], true);
        Self(CertifiedIssuer::self_signed(params, new_key()).expect("an authority can sign itself"))
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, names: &[&str]) -> Identity {
        let key = new_key();
        let certificate = params("somebody", names, false).signed_by(&key, &self.0).expect("an authority can sign");
        Identity { certificate, key }
    }

    /// One whose time is over.
    pub(crate) fn issue_expired(&self, names: &[&str]) -> Identity {
        let key = new_key();
        let mut params = params("somebody", names, false);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        Identity { certificate: params.signed_by(&key, &self.0).expect("an authority can sign"), key }
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Writes the certificate and returns its path.
    pub(crate) fn write(&self, folder: &Folder, name: &str) -> String {
        folder.file(name, &self.0.pem())
    }
}

impl Identity {
    /// A certificate that is its own authority, as `openssl req -x509` makes them.
    pub(crate) fn of_its_own(names: &[&str]) -> Self {
        let key = new_key();
        let certificate = params("itself", names, true).self_signed(&key).expect("anybody can sign himself");
        Self { certificate, key }
    }

    /// Writes both halves and returns their paths.
    pub(crate) fn write(&self, folder: &Folder, name: &str) -> (String, String) {
        let certificate = folder.file(&format!("{name}.pem"), &self.certificate.pem());
        (certificate, folder.file(&format!("{name}.key"), &self.key.serialize_pem()))
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.der().clone()]
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn params(name: &str, names: &[&str], is_authority: bool) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are names");
    params.distinguished_name.push(DnType::CommonName, name);
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}
