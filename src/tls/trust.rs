//! Whom to trust: the system's authorities, and those a file names.

use std::{path::PathBuf, sync::Arc};

use rustls::{RootCertStore, pki_types::CertificateDer};

use super::files::certificates;

/// Authorities, and the certificates that are trusted as they are.
#[derive(Clone, Debug)]
pub struct Trust {
    /// What a chain may end in.
    pub roots: Arc<RootCertStore>,
    /// The certificates the configuration names. A peer may show one of these itself.
    pub listed: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads `section.ca_certs`. A file that can't be used is told in the log and left out, as in KrakenD: that only
    /// ever trusts fewer.
    #[must_use]
    pub fn read(section: &str, ca_certs: &[PathBuf], with_system: bool) -> Self {
        let mut trust = Self { roots: Arc::new(RootCertStore::empty()), listed: Vec::new() };
        if with_system {
            trust.add_system();
        }
        for path in ca_certs {
            match certificates(&format!("{section}.ca_certs"), path) {
                Ok(found) => trust.add(found),
                Err(error) => tracing::error!("{error}; nothing it would vouch for is trusted"),
            }
        }
        trust
    }

    /// Trusts these too.
    pub fn add(&mut self, certificates: Vec<CertificateDer<'static>>) {
        let roots = Arc::make_mut(&mut self.roots);
        for certificate in certificates {
            match roots.add(certificate.clone()) {
                Ok(()) => self.listed.push(certificate),
                Err(error) => tracing::error!("an authority is left out: {error}"),
            }
        }
    }

    fn add_system(&mut self) {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::info!("authorities of the system: {error}");
        }
        // Old systems list a few that no current parser reads; they are of no use to anybody.
        let _counts = Arc::make_mut(&mut self.roots).add_parsable_certificates(found.certs);
    }
}
