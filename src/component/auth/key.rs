//! Keys as they are published: a JWK set (RFC 7517), read leniently, for keys of kinds nobody knows must not hide others.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// One key with its names.
#[derive(Clone, Debug)]
pub struct Key {
    /// `kid`, empty if it has none.
    pub id: String,
    /// `x5t`, the SHA-1 of its certificate.
    pub thumbprint: String,
    /// `x5t#S256`.
    pub thumbprint_256: String,
    /// The key itself.
    pub material: Material,
}

/// A key without its names.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// A shared secret (`oct`).
    Secret(Vec<u8>),
    /// `RSA`.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Exponent.
        e: Vec<u8>,
        /// The private half, for signing.
        private: Option<Box<RsaPrivate>>,
    },
    /// `EC`.
    Elliptic {
        /// The curve.
        curve: Curve,
        /// The public point, uncompressed.
        point: Vec<u8>,
        /// The private number, for signing.
        private: Option<Vec<u8>>,
    },
    /// `OKP` on Ed25519.
    Edwards {
        /// The public half.
        public: Vec<u8>,
        /// The seed, for signing.
        private: Option<Vec<u8>>,
    },
}

/// The numbers only the owner of an RSA key has.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPrivate {
    /// Private exponent.
    pub d: Vec<u8>,
    /// First prime.
    pub p: Vec<u8>,
    /// Second prime.
    pub q: Vec<u8>,
    /// `d mod (p-1)`.
    pub dp: Vec<u8>,
    /// `d mod (q-1)`.
    pub dq: Vec<u8>,
    /// `q⁻¹ mod p`.
    pub qi: Vec<u8>,
}

/// A curve of elliptic keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521, which is read and not used.
    P521,
}

/// Never shows a key.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Rsa { .. } => "Rsa",
            Self::Elliptic { .. } => "Elliptic",
            Self::Edwards { .. } => "Edwards",
        })
    }
}

/// Reads a set of keys; those of unknown kinds are left out.
///
/// # Errors
/// When it is no set, or an empty one.
pub fn read_set(text: &[u8]) -> Result<Vec<Key>, String> {
    let set: Value = serde_json::from_slice(text).map_err(|error| format!("not a set of keys: {error}"))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("not a set of keys: \"keys\" is missing")?;
    let keys: Vec<Key> = keys.iter().filter_map(key).collect();
    if keys.is_empty() { Err("no keys has been found".into()) } else { Ok(keys) }
}

fn key(jwk: &Value) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bytes = |name: &str| decoded(jwk.get(name)?.as_str()?);
    let material = match text("kty").as_str() {
        "oct" => Material::Secret(bytes("k")?),
        "RSA" => Material::Rsa { n: bytes("n")?, e: bytes("e")?, private: rsa_private(&bytes).map(Box::new) },
        "EC" => {
            let (curve, width) = match text("crv").as_str() {
                "P-256" => (Curve::P256, 32),
                "P-384" => (Curve::P384, 48),
                "P-521" => (Curve::P521, 66),
                _ => return None,
            };
            let mut point = vec![4];
            point.extend(padded(bytes("x")?, width)?);
            point.extend(padded(bytes("y")?, width)?);
            Material::Elliptic { curve, point, private: bytes("d").and_then(|d| padded(d, width)) }
        }
        "OKP" if text("crv") == "Ed25519" => Material::Edwards { public: bytes("x")?, private: bytes("d") },
        _ => return None,
    };
    let thumbprint = |name: &str| text(name).trim_end_matches('=').to_owned();
    Some(Key { id: text("kid"), thumbprint: thumbprint("x5t"), thumbprint_256: thumbprint("x5t#S256"), material })
}

fn rsa_private(bytes: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<RsaPrivate> {
    Some(RsaPrivate {
        d: bytes("d")?,
        p: bytes("p")?,
        q: bytes("q")?,
        dp: bytes("dp")?,
        dq: bytes("dq")?,
        qi: bytes("qi")?,
    })
}

/// Base64url, padded or not.
#[must_use]
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// A number with leading zeros up to `width` bytes; nothing if it has more.
fn padded(number: Vec<u8>, width: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; width.checked_sub(number.len())?];
    out.extend(number);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_unknown_kinds_do_not_hide_others() {
        let set = br#"{"keys":[{"kty":"new"},{"kty":"oct","kid":"a","k":"c2VjcmV0"},{"kty":"EC","crv":"P-256"}]}"#;
        let keys = read_set(set).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!((keys[0].id.as_str(), &keys[0].material), ("a", &Material::Secret(b"secret".to_vec())));
        assert_eq!(format!("{:?}", keys[0].material), "Secret");
    }

    #[test]
    fn what_is_no_set_or_an_empty_one_is_an_error() {
        for text in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"new"}]}"#] {
            assert!(read_set(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_set_panics(text: String, number: Vec<u8>) {
            let encoded = URL_SAFE_NO_PAD.encode(number);
            let set = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{encoded}","y":"{encoded}"}}]}}"#);
            let _keys = (read_set(text.as_bytes()), read_set(set.as_bytes()));
        }
    }
}
