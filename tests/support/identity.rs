//! An identity provider whose tokens the emulator takes.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The provider's ARN.
pub const PROVIDER: &str = "acs:ram::1234567890123456:oidc-provider/ci";

const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

const ISSUER: &str = "https://ci.example";
const AUDIENCE: &str = "sts";

/// The provider as a seed describes it.
pub fn seeded_provider() -> Value {
    seeded_provider_of("ci", ISSUER, AUDIENCE)
}

/// Another provider as a seed describes it, which signs with the same key.
pub fn seeded_provider_of(name: &str, issuer: &str, audience: &str) -> Value {
    json!({"name": name, "issuer": issuer, "client_ids": [audience],
        "keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)}]})
}

/// A token of the provider, another one each time, signed with HMAC-SHA256 (HS256); `expires` is in seconds since 1970.
pub fn token(subject: &str, expires: i64) -> String {
    token_of(ISSUER, AUDIENCE, subject, expires)
}

/// [`token`] of another provider, for an audience.
pub fn token_of(issuer: &str, audience: &str, subject: &str, expires: i64) -> String {
    static TOKENS: AtomicU64 = AtomicU64::new(0);
    let number = TOKENS.fetch_add(1, Ordering::Relaxed);
    let claims = json!({"iss": issuer, "aud": audience, "sub": subject, "exp": expires, "jti": number});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
    // HMAC takes keys of every length.
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).map(|mac| mac.chain_update(&message).finalize());
    let signature = mac.map_or_else(|_| String::new(), |mac| URL_SAFE_NO_PAD.encode(mac.into_bytes()));
    format!("{message}.{signature}")
}
