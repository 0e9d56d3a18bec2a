//! The algorithms that sign tokens, and what they do with a key.
//!
//! Promises: a signature is checked only with the kind of key its algorithm is for, and in constant time where that
//! matters. RSA keys have 2048 to 8192 bits.

use ring::{
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaParameters, UnparsedPublicKey},
};

use super::key::{Curve, Material, RsaPrivate};

/// An algorithm of RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm {
    name: &'static str,
    family: Family,
    bits: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Secret,
    RsaPkcs,
    RsaPss,
    Elliptic(Curve),
    Edwards,
}

const fn algorithm(name: &'static str, family: Family, bits: u16) -> Algorithm {
    Algorithm { name, family, bits }
}

const ALL: [Algorithm; 13] = [
    algorithm("HS256", Family::Secret, 256),
    algorithm("HS384", Family::Secret, 384),
    algorithm("HS512", Family::Secret, 512),
    algorithm("RS256", Family::RsaPkcs, 256),
    algorithm("RS384", Family::RsaPkcs, 384),
    algorithm("RS512", Family::RsaPkcs, 512),
    algorithm("PS256", Family::RsaPss, 256),
    algorithm("PS384", Family::RsaPss, 384),
    algorithm("PS512", Family::RsaPss, 512),
    algorithm("ES256", Family::Elliptic(Curve::P256), 256),
    algorithm("ES384", Family::Elliptic(Curve::P384), 384),
    algorithm("ES512", Family::Elliptic(Curve::P521), 512),
    algorithm("EdDSA", Family::Edwards, 512),
];

impl Algorithm {
    /// The algorithm of this name, exactly.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|algorithm| algorithm.name == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether it can be used here: ES512 cannot.
    #[must_use]
    pub fn is_available(self) -> bool {
        self.family != Family::Elliptic(Curve::P521)
    }

    /// Whether `signature` is that of `message` by the owner of the key.
    #[must_use]
    pub fn verifies(self, key: &Material, message: &[u8], signature: &[u8]) -> bool {
        match (self.family, key) {
            (Family::Secret, Material::Secret(secret)) => {
                hmac::verify(&hmac::Key::new(self.hmac(), secret), message, signature).is_ok()
            }
            (Family::RsaPkcs | Family::RsaPss, Material::Rsa { n, e, .. }) => {
                let public = rsa::PublicKeyComponents { n: without_zeros(n), e: without_zeros(e) };
                public.verify(self.rsa_parameters(), message, signature).is_ok()
            }
            (Family::Elliptic(curve), Material::Elliptic { curve: of_key, point, .. }) if curve == *of_key => {
                let algorithm: &dyn signature::VerificationAlgorithm = match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Curve::P521 => return false,
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
            (Family::Edwards, Material::Edwards { public, .. }) => {
                UnparsedPublicKey::new(&signature::ED25519, public).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// Signs a message.
    ///
    /// # Errors
    /// When the key is of another kind, or has no private half.
    pub fn sign(self, key: &Material, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        match (self.family, key) {
            (Family::Secret, Material::Secret(secret)) => {
                Ok(hmac::sign(&hmac::Key::new(self.hmac(), secret), message).as_ref().to_vec())
            }
            (Family::RsaPkcs | Family::RsaPss, Material::Rsa { n, e, private: Some(private) }) => {
                let pair = rsa_pair(n, e, private)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(self.rsa_encoding(), &random, message, &mut signature);
                signed.map(|()| signature).map_err(|_opaque| "the key cannot sign".to_owned())
            }
            (Family::Elliptic(curve), Material::Elliptic { curve: of_key, point, private: Some(private) })
                if curve == *of_key =>
            {
                let algorithm = match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                    Curve::P521 => return Err("ES512 cannot be used here".into()),
                };
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, point, &random);
                let pair = pair.map_err(|error| error.to_string())?;
                let signed = pair.sign(&random, message);
                signed.map(|signed| signed.as_ref().to_vec()).map_err(|_opaque| "the key cannot sign".to_owned())
            }
            (Family::Edwards, Material::Edwards { public, private: Some(seed) }) => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|error| error.to_string())?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
            _ => Err(format!("the key is not a private one for {}", self.name)),
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self.bits {
            256 => hmac::HMAC_SHA256,
            384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA512,
        }
    }

    fn rsa_parameters(self) -> &'static RsaParameters {
        match (self.family, self.bits) {
            (Family::RsaPss, 256) => &signature::RSA_PSS_2048_8192_SHA256,
            (Family::RsaPss, 384) => &signature::RSA_PSS_2048_8192_SHA384,
            (Family::RsaPss, _) => &signature::RSA_PSS_2048_8192_SHA512,
            (_, 256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (_, 384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            _ => &signature::RSA_PKCS1_2048_8192_SHA512,
        }
    }

    fn rsa_encoding(self) -> &'static dyn RsaEncoding {
        match (self.family, self.bits) {
            (Family::RsaPss, 256) => &signature::RSA_PSS_SHA256,
            (Family::RsaPss, 384) => &signature::RSA_PSS_SHA384,
            (Family::RsaPss, _) => &signature::RSA_PSS_SHA512,
            (_, 256) => &signature::RSA_PKCS1_SHA256,
            (_, 384) => &signature::RSA_PKCS1_SHA384,
            _ => &signature::RSA_PKCS1_SHA512,
        }
    }
}

fn rsa_pair(n: &[u8], e: &[u8], private: &RsaPrivate) -> Result<rsa::KeyPair, String> {
    let components = rsa::KeyPairComponents {
        public_key: rsa::PublicKeyComponents { n: without_zeros(n), e: without_zeros(e) },
        d: without_zeros(&private.d),
        p: without_zeros(&private.p),
        q: without_zeros(&private.q),
        dP: without_zeros(&private.dp),
        dQ: without_zeros(&private.dq),
        qInv: without_zeros(&private.qi),
    };
    rsa::KeyPair::from_components(&components).map_err(|error| error.to_string())
}

/// A number without leading zeros, which some issuers write.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_none_is_no_algorithm() {
        assert_eq!(Algorithm::named("RS256").map(Algorithm::name), Some("RS256"));
        for name in ["none", "", "rs256", "HS1"] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
        assert!(!Algorithm::named("ES512").unwrap().is_available());
    }

    #[test]
    fn what_a_secret_signs_it_verifies_and_nothing_else() {
        let (key, other) = (Material::Secret(b"one secret".to_vec()), Material::Secret(b"another".to_vec()));
        for name in ["HS256", "HS384", "HS512"] {
            let algorithm = Algorithm::named(name).unwrap();
            let signature = algorithm.sign(&key, b"text").unwrap();
            assert!(algorithm.verifies(&key, b"text", &signature));
            assert!(!algorithm.verifies(&key, b"texT", &signature));
            assert!(!algorithm.verifies(&other, b"text", &signature));
            assert!(!Algorithm::named("RS256").unwrap().verifies(&key, b"text", &signature));
        }
    }

    #[test]
    fn an_edwards_key_signs_what_it_verifies() {
        use ring::signature::KeyPair;
        let seed = [7; 32];
        let public = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap().public_key().as_ref().to_vec();
        let key = Material::Edwards { public, private: Some(seed.to_vec()) };
        let algorithm = Algorithm::named("EdDSA").unwrap();
        let signature = algorithm.sign(&key, b"text").unwrap();
        assert!(algorithm.verifies(&key, b"text", &signature));
        assert!(!algorithm.verifies(&key, b"other", &signature));
    }
}
