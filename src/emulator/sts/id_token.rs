//! Tokens of identity providers: JSON Web Tokens (RFC 7519) with the claims of OIDC Core 1.0, section 2.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::identity::OidcProvider;

/// A token that a provider issued, for one of its clients that the account knows, and that is valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdToken {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `aud`
    pub audiences: Vec<String>,
    /// The first of `aud` that is a client the account knows.
    pub client_id: String,
    /// `exp`, in seconds since the epoch.
    pub expires: i64,
    /// `iat`, in seconds since the epoch; 0 where the token does not say.
    pub issued: i64,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was valid.
    Expired,
    /// It is malformed, of another provider or for another client, not valid yet, or not signed by the provider.
    Invalid,
}

impl IdToken {
    /// Verifies a token. The signature comes first: nothing else is said of a token whose signature is wrong.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    pub fn verify(token: &str, provider: &OidcProvider, now: i64) -> Result<Self, Refusal> {
        let claims = signed_claims(token, provider).ok_or(Refusal::Invalid)?;
        let token = Self::from_claims(&claims, provider).ok_or(Refusal::Invalid)?;
        let not_before = claims.get("nbf").map_or(Some(now), seconds).ok_or(Refusal::Invalid)?;
        if not_before > now {
            return Err(Refusal::Invalid);
        }
        if token.expires <= now { Err(Refusal::Expired) } else { Ok(token) }
    }

    fn from_claims(claims: &Map<String, Value>, provider: &OidcProvider) -> Option<Self> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let audiences: Vec<String> = match claims.get("aud")? {
            Value::String(audience) => vec![audience.clone()],
            audiences => serde_json::from_value(audiences.clone()).ok()?,
        };
        let client_id = audiences.iter().find(|audience| provider.client_ids.contains(audience))?.clone();
        Some(Self {
            issuer: text("iss").filter(|issuer| *issuer == provider.issuer)?,
            subject: text("sub").filter(|subject| !subject.is_empty())?,
            audiences,
            client_id,
            expires: claims.get("exp").and_then(seconds)?,
            issued: claims.get("iat").map_or(Some(0), seconds)?,
        })
    }
}

/// The claims of a token that a key of the provider's signed (RFC 7515, section 5.2). A header with `crit` asks
/// for what is not understood here.
fn signed_claims(token: &str, provider: &OidcProvider) -> Option<Map<String, Value>> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: Map<String, Value> = part(header)?;
    let alg = header.get("alg")?.as_str().filter(|_| !header.contains_key("crit"))?;
    let key_id = header.get("kid").and_then(Value::as_str);
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let mut keys = provider.keys.iter();
    keys.any(|key| key.verifies((alg, key_id), message.as_bytes(), &signature)).then(|| part(claims))?
}

fn part(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// A time: a number of seconds that may have a fraction.
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let whole = value.as_number()?.to_string();
        whole.split('.').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::VerificationKey;
    use crypto::hmac_sha256;

    /// Signed with pyca/cryptography 48.0.0, by keys made for it; the claims are those of `claims`.
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjpbImNsa\
        S0xIiwib3RoZXIiXSwic3ViIjoicmVwbzphL2IiLCJleHAiOjE3OTUxNjUyMDAsImlhdCI6MTc5NTE2MTUwMH0.J_4b4\
        8_TQhfcqyIVva2bljBF7sIXdYnEIAcRqULOgINaWUalNLSMmp0U-OcktFm1Gx6ohhnvqmEzPLveo8HzpWG6eewdwiAGb\
        yXb7rkOikWFczXRbA__mG5yIpRKzSzZJyYCyaWIarM1G4q-9W1jONPROLWlCdQEX3q_GirdPCYkbdh4iTbg9A3AEeRMx\
        5izMwIC3f1eZYqwt3oKJxE2XgsY4AEudWgUad8y3LCKKpTg55p99NdFzoGn5pt6imkPw8ykpnkKAKeJe6m6n6sapsAAS\
        KqBZGmNxASzEd_C5h06Hp-hkVxn9-riC2kcrsD8FEgFI_HEHsI6X22eCGGdPQ";
    const MODULUS: &str = "hBvf-Cn0_wlpajBq3LzuyqHSv02NdA_x-UVnUOBHG0nEc7GPetm57F3G2G3yeZuB88eFdMH_5n3iZnSRF_UhZHe59Hsi\
        N6Iy9Ao9PNwc3CZL57YGC5SqFxD2a_B8bOZXh6uKhJ5pWDUQqA9YICnV-l2eDITMibxhj_-ODbl4dgw-gMznlB1TSGzg\
        MT68foQ28KfqQ-4oN_2yyZ1QeT8i6XOHjfNuOV8hKsaN0XjrGapC8DuY16ImZ0D_NLf7C2Kft6d-0LsJGsx_gJaUKoEu\
        jc5z4VkRw2lRhHfQ1hLjPLQiqwq3Nu10h2peoXDKVtPP6vw83z5OxUmYpDwcOahOyQ";
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjpbImNsaS0xIiwib3RoZXI\
        iXSwic3ViIjoicmVwbzphL2IiLCJleHAiOjE3OTUxNjUyMDAsImlhdCI6MTc5NTE2MTUwMH0.OUzajnI3fobybZpboWR\
        wiL6sWu0RLtejCE-2rEthic-mv4DNP9iZofRKcfQs4OOAvq48BrM-iNtran01NEBBOg";
    const POINT: [&str; 2] =
        ["Ur9vHDW9XNyUGMuX_2yJQ1xA-fzDS1sLZNcvRO2No-c", "rRM52OQzQw50-uXoLmpvD3lGGV0hkVW8dV4Z-DBi8dg"];

    const NOW: i64 = 1_795_161_600;
    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn provider(keys: &[Value]) -> OidcProvider {
        OidcProvider {
            name: "ci".to_owned(),
            issuer: "https://issuer.example".to_owned(),
            client_ids: vec!["cli-0".to_owned(), "cli-1".to_owned()],
            keys: keys.iter().map(|key| VerificationKey::from_jwk(key).unwrap()).collect(),
        }
    }

    fn shared() -> Value {
        json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)})
    }

    fn rsa() -> Value {
        json!({"kty": "RSA", "kid": "r", "n": MODULUS, "e": "AQAB"})
    }

    fn p256() -> Value {
        let [x, y] = POINT;
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    }

    fn claims() -> Value {
        json!({"iss": "https://issuer.example", "aud": ["cli-1", "other"], "sub": "repo:a/b",
            "exp": 1_795_165_200, "iat": 1_795_161_500})
    }

    /// A token signed with the shared secret.
    fn signed(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(SECRET, message.as_bytes()));
        format!("{message}.{signature}")
    }

    #[track_caller]
    fn refused(token: &str, keys: &[Value], expected: Refusal) {
        assert_eq!(IdToken::verify(token, &provider(keys), NOW), Err(expected), "{token}");
    }

    #[test]
    fn a_token_of_every_kind_of_signature_says_who_bears_it() {
        let hs256 = signed(&json!({"alg": "HS256"}), &claims());
        for (token, key) in [(hs256.as_str(), shared()), (RS256, rsa()), (ES256, p256())] {
            let read = IdToken::verify(token, &provider(&[p256(), key]), NOW).unwrap();
            assert_eq!((read.subject.as_str(), read.client_id.as_str()), ("repo:a/b", "cli-1"));
            assert_eq!((read.issued, read.expires), (1_795_161_500, 1_795_165_200));
        }
    }

    #[test]
    fn a_token_is_valid_until_it_expires() {
        let expired = IdToken::verify(RS256, &provider(&[rsa()]), 1_795_165_200);
        assert_eq!(expired, Err(Refusal::Expired));
        IdToken::verify(RS256, &provider(&[rsa()]), 1_795_165_199).unwrap();
    }

    #[test]
    fn what_the_provider_did_not_sign_is_refused() {
        for (token, keys) in [
            (RS256, vec![]),
            (RS256, vec![p256(), shared()]),
            (ES256, vec![rsa(), shared()]),
            (RS256, vec![json!({"kty": "RSA", "kid": "other", "n": MODULUS, "e": "AQAB"})]),
            (RS256, vec![json!({"kty": "RSA", "n": MODULUS, "e": "Aw"})]),
        ] {
            refused(token, &keys, Refusal::Invalid);
        }
        let all = [rsa(), p256(), shared()];
        for token in [RS256, ES256] {
            let (message, signature) = token.rsplit_once('.').unwrap();
            refused(&format!("{message}.{}", signature.to_ascii_uppercase()), &all, Refusal::Invalid);
            refused(&format!("{message}."), &all, Refusal::Invalid);
            refused(message, &all, Refusal::Invalid);
        }
        // A public key is not a shared secret, and a missing signature is not a signature.
        let none = signed(&json!({"alg": "none"}), &claims());
        let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
        for token in [none.as_str(), &unsigned, "a.b.c", "abcd", ""] {
            refused(token, &all, Refusal::Invalid);
        }
        refused(&signed(&json!({"alg": "HS256"}), &claims()), &[rsa(), p256()], Refusal::Invalid);
        refused(&signed(&json!({"alg": "HS256", "crit": ["x"]}), &claims()), &all, Refusal::Invalid);
    }

    #[test]
    fn claims_must_be_there_and_fit_the_provider() {
        for (claim, value) in [
            ("iss", json!("https://other.example")),
            ("iss", Value::Null),
            ("aud", json!("other")),
            ("aud", json!([])),
            ("aud", json!({"cli-1": true})),
            ("sub", json!("")),
            ("exp", json!("1795165200")),
            ("nbf", json!(NOW + 1)),
        ] {
            let mut claims = claims();
            claims[claim] = value;
            refused(&signed(&json!({"alg": "HS256"}), &claims), &[shared()], Refusal::Invalid);
        }
        let mut fraction = claims();
        fraction["exp"] = serde_json::from_str("1795161601.5").unwrap();
        fraction["aud"] = "cli-0".into();
        let token = signed(&json!({"alg": "HS256"}), &fraction);
        assert_eq!(IdToken::verify(&token, &provider(&[shared()]), NOW).unwrap().expires, NOW + 1);
    }
}
