//! Certificates and private keys out of PEM files.
//!
//! Promises: an error names the key of the configuration, the file and what is wrong with it; never what is in it.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error as PemError, PemObject},
    },
    sign::CertifiedKey,
};

use crate::config::KeyPair;

/// A file that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The key that names it, as in `tls.public_key`.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {}", self.key, self.path, self.cause)
    }
}

impl std::error::Error for FileError {}

impl FileError {
    fn new(key: &str, path: &Path, cause: impl Into<String>) -> Self {
        Self { key: key.to_owned(), path: path.to_owned(), cause: cause.into() }
    }
}

/// Every certificate of a file; at least one.
///
/// # Errors
/// When the file can't be read, is not PEM, or has none.
pub fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if certificates.is_empty() => Err(FileError::new(key, path, "no certificate in this file")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(FileError::new(key, path, pem_text(&error, "certificate"))),
    }
}

/// A chain of certificates with the key that belongs to it. `section` and `certificate` name the keys of the
/// configuration, as in `tls` and `public_key`.
///
/// # Errors
/// When one of the files can't be used, or they don't belong together.
pub fn certified(
    section: &str,
    certificate: &str,
    pair: &KeyPair,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, FileError> {
    let (of_certificate, of_key) = (format!("{section}.{certificate}"), format!("{section}.private_key"));
    let chain = certificates(&of_certificate, &pair.certificate)?;
    let secret = PrivateKeyDer::from_pem_file(&pair.private_key)
        .map_err(|error| FileError::new(&of_key, &pair.private_key, pem_text(&error, "private key")))?;
    let certified = CertifiedKey::from_der(chain, secret, provider).map_err(|error| match error {
        rustls::Error::InvalidCertificate(_) => FileError::new(&of_certificate, &pair.certificate, error.to_string()),
        rustls::Error::InconsistentKeys(_) => {
            let cause = format!("does not belong to the certificate in {:?}", pair.certificate);
            FileError::new(&of_key, &pair.private_key, cause)
        }
        _ => FileError::new(&of_key, &pair.private_key, error.to_string()),
    })?;
    Ok(Arc::new(certified))
}

fn pem_text(error: &PemError, wanted: &str) -> String {
    match error {
        PemError::Io(error) => error.to_string(),
        PemError::NoItemsFound => format!("no {wanted} in this file"),
        PemError::Base64Decode(_) => "not PEM: broken base64".to_owned(),
        PemError::MissingSectionEnd { .. } => "not PEM: a section does not end".to_owned(),
        PemError::IllegalSectionStart { .. } => "not PEM: a section does not start as it must".to_owned(),
        _ => "not PEM".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tls::crypto::provider;

    /// Files of a test in a folder of their own.
    pub(crate) struct Files(PathBuf);

    impl Files {
        pub(crate) fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("gnomon-tls-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, text).unwrap();
            path
        }

        /// A certificate for these names, signed by itself, and its key.
        pub(crate) fn pair(&self, names: &[&str]) -> KeyPair {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let label = names.join("-");
            let made = rcgen::generate_simple_self_signed(names).unwrap();
            KeyPair {
                certificate: self.write(&format!("{label}.pem"), &made.cert.pem()),
                private_key: self.write(&format!("{label}.key"), &made.signing_key.serialize_pem()),
            }
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    fn refused(pair: &KeyPair) -> FileError {
        certified("tls", "public_key", pair, &provider()).unwrap_err()
    }

    #[test]
    fn a_chain_and_its_key_belong_together() {
        let files = Files::new("together");
        assert!(certified("tls", "public_key", &files.pair(&["a.test"]), &provider()).is_ok());
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let files = Files::new("another");
        let (mut a, b) = (files.pair(&["a.test"]), files.pair(&["b.test"]));
        a.private_key = b.private_key;
        let error = refused(&a);
        assert_eq!((error.key.as_str(), &error.path), ("tls.private_key", &a.private_key));
        assert!(error.cause.starts_with("does not belong to"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_key() {
        let files = Files::new("wrong");
        let good = files.pair(&["a.test"]);
        let text = std::fs::read_to_string(&good.certificate).unwrap();
        for (name, content, cause) in [
            ("empty.pem", String::new(), "no certificate in this file"),
            ("text.pem", "hello".to_owned(), "no certificate in this file"),
            ("cut.pem", text.lines().take(3).collect::<Vec<_>>().join("\n"), "not PEM: a section does not end"),
        ] {
            let certificate = files.write(name, &content);
            let error = refused(&KeyPair { certificate, private_key: good.private_key.clone() });
            assert_eq!((error.key.as_str(), error.cause.as_str()), ("tls.public_key", cause), "{name}");
        }
        let no_key = refused(&KeyPair { private_key: good.certificate.clone(), certificate: good.certificate.clone() });
        assert_eq!((no_key.key.as_str(), no_key.cause.as_str()), ("tls.private_key", "no private key in this file"));
        let missing = refused(&KeyPair { certificate: "/nowhere/c.pem".into(), private_key: good.private_key.clone() });
        assert_eq!(missing.to_string(), "tls.public_key \"/nowhere/c.pem\": No such file or directory (os error 2)");
    }

    #[test]
    fn a_certificate_that_is_none_is_refused() {
        let files = Files::new("none");
        let good = files.pair(&["a.test"]);
        let certificate = files.write("none.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
        assert_eq!(refused(&KeyPair { certificate, private_key: good.private_key.clone() }).key, "tls.public_key");
    }
}
