//! Keys that signatures of tokens are verified with: JSON Web Keys (RFC 7517, RFC 7518).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::default_provider;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::crypto::{Secret, hmac_sha256};
use crate::emulator::stored::secret;

/// Bytes in a coordinate of P-256.
const COORDINATE: usize = 32;
/// The least bytes in a shared secret (RFC 7518, section 3.2).
const SHARED_SECRET: usize = 32;

/// A key that signatures are verified with.
#[derive(Clone)]
pub struct VerificationKey {
    /// The key as it was given, for the store.
    jwk: Secret,
    /// `kid`
    id: Option<String>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    /// HS256
    Shared(Zeroizing<Vec<u8>>),
    /// RS256: an `RSAPublicKey` in DER (RFC 8017, appendix A.1.1).
    Rsa(Vec<u8>),
    /// ES256: a point in uncompressed form (SEC 1, section 2.3.3).
    P256(Vec<u8>),
}

impl fmt::Debug for VerificationKey {
    /// Without the key: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl PartialEq for VerificationKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl Serialize for VerificationKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        secret::serialize(&self.jwk, serializer)
    }
}

impl<'de> Deserialize<'de> for VerificationKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = secret::deserialize(deserializer)?;
        let jwk = serde_json::from_str(jwk.expose()).map_err(|_| D::Error::custom("a key is no JSON"))?;
        Self::from_jwk(&jwk).map_err(D::Error::custom)
    }
}

/// Why a JSON value is no key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAKey(&'static str);

impl VerificationKey {
    /// Reads a JSON Web Key: `kty` is `oct` (with `k`, of at least 256 bits), `RSA` (with `n`, of 2048 to 8192
    /// bits, and `e`) or `EC` (with `crv` `P-256`, `x` and `y`). `kid` may be there, and what else there is, is
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`NotAKey`]
    pub fn from_jwk(jwk: &Value) -> Result<Self, NotAKey> {
        let bytes = |name: &str, what: &'static str| {
            let text = jwk.get(name).and_then(Value::as_str).ok_or(NotAKey(what))?;
            URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| NotAKey(what))
        };
        let material = match jwk.get("kty").and_then(Value::as_str) {
            Some("oct") => {
                let secret = bytes("k", "an oct key needs k, in base64url")?;
                if secret.len() < SHARED_SECRET {
                    return Err(NotAKey("k is of at least 32 bytes"));
                }
                Material::Shared(secret)
            }
            Some("RSA") => {
                let modulus = bytes("n", "an RSA key needs n, in base64url")?;
                let exponent = bytes("e", "an RSA key needs e, in base64url")?;
                Material::Rsa(sequence(&[integer(&modulus), integer(&exponent)].concat()))
            }
            Some("EC") if jwk.get("crv").and_then(Value::as_str) == Some("P-256") => {
                let x = bytes("x", "an EC key needs x, in base64url")?;
                let y = bytes("y", "an EC key needs y, in base64url")?;
                if x.len() != COORDINATE || y.len() != COORDINATE {
                    return Err(NotAKey("x and y are of 32 bytes each"));
                }
                Material::P256([&[4], x.as_slice(), y.as_slice()].concat())
            }
            _ => return Err(NotAKey("kty is oct, RSA, or EC with crv P-256")),
        };
        let id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { jwk: Secret::from(jwk.to_string()), id, material })
    }

    /// Whether a signature by `alg` (RFC 7518, section 3.1) over `message` is one of this key's. A key verifies
    /// signatures of its own kind only. Where the signature names a key, and this one has a name, they are the
    /// same.
    pub fn verifies(&self, (alg, key_id): (&str, Option<&str>), message: &[u8], signature: &[u8]) -> bool {
        if self.id.as_deref().zip(key_id).is_some_and(|(own, named)| own != named) {
            return false;
        }
        match (&self.material, alg) {
            (Material::Shared(secret), "HS256") => hmac_sha256(secret, message).ct_eq(signature).into(),
            (Material::Rsa(key), "RS256") => {
                verifies(SignatureScheme::RSA_PKCS1_SHA256, key, message, signature)
            }
            (Material::P256(key), "ES256") => {
                let Some((r, s)) = signature.split_at_checked(COORDINATE) else { return false };
                let signature = sequence(&[integer(r), integer(s)].concat());
                s.len() == COORDINATE
                    && verifies(SignatureScheme::ECDSA_NISTP256_SHA256, key, message, &signature)
            }
            _ => false,
        }
    }
}

fn verifies(scheme: SignatureScheme, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let provider = default_provider().signature_verification_algorithms;
    let algorithms = provider.mapping.iter().find(|(known, _)| *known == scheme);
    let algorithm = algorithms.and_then(|(_, algorithms)| algorithms.first());
    algorithm.is_some_and(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
}

/// A positive INTEGER in DER (ITU-T X.690, section 8.3).
fn integer(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let mut content = big_endian.get(zeros..).unwrap_or_default().to_vec();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

/// A SEQUENCE in DER (ITU-T X.690, section 8.9).
fn sequence(content: &[u8]) -> Vec<u8> {
    element(0x30, content)
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = length.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let length = match length.as_slice() {
        [] => vec![0],
        [short] if *short < 0x80 => vec![*short],
        long => [&[0x80 | u8::try_from(long.len()).unwrap_or_default()], long].concat(),
    };
    [&[tag], length.as_slice(), content].concat()
}
