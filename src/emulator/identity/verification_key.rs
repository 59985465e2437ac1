//! Keys that signatures of tokens are verified with: JSON Web Keys (RFC 7517, RFC 7518).
//!
//! The crate `jsonwebtoken` is not used: its backends are `aws-lc-rs` and the crates `rsa` and `p256`, each a
//! second provider of what `ring` verifies already, and it judges times by the machine's clock only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::stored::secret;
use crypto::{Secret, hmac_sha256};

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
    /// RS256
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
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
        let jwk = serde_json::from_str(jwk.expose()).map_err(|_| D::Error::custom("a key is not JSON"))?;
        Self::from_jwk(&jwk).map_err(D::Error::custom)
    }
}

/// Why a JSON value is not a usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAKey(&'static str);

impl VerificationKey {
    /// Reads a JSON Web Key: `kty` is `oct` (with `k`, of at least 256 bits), `RSA` (with `n`, of 2048 to 8192
    /// bits, and `e`) or `EC` (with `crv` `P-256`, `x` and `y`). `kid` is optional. Other members are ignored.
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
                let n = without_leading_zeros(&bytes("n", "an RSA key needs n, in base64url")?);
                let e = without_leading_zeros(&bytes("e", "an RSA key needs e, in base64url")?);
                Material::Rsa(RsaPublicKeyComponents { n, e })
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
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            (Material::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// Some issuers write a leading zero, which RFC 7518, section 6.3.1.1, forbids.
fn without_leading_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}
