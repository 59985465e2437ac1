//! Tokens of an identity provider that the emulator knows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

/// The provider's ARN.
pub const PROVIDER: &str = "acs:ram::1234567890123456:oidc-provider/ci";

const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

/// The provider as a seed describes it.
pub fn seeded_provider() -> Value {
    json!({ "name": "ci", "issuer": "https://ci.example", "client_ids": ["sts"],
        "keys": [{ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) }] })
}

/// A token that is valid for ten minutes.
pub fn token() -> String {
    let expires = OffsetDateTime::now_utc().unix_timestamp() + 600;
    let claims = json!({ "iss": "https://ci.example", "aud": "sts", "sub": "repo", "exp": expires });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
