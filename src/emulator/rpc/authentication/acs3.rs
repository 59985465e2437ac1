//! Signature version 3: `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.

use super::Error;
use super::claim::{Claim, Scheme, canonical, timestamp};
use crate::http::Call;
use crypto::{Secret, hmac_sha256, sha256_hex};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Whether a call is signed this way.
pub fn is_acs3(call: &Call) -> bool {
    call.header("authorization").is_some_and(|value| value.starts_with(ALGORITHM))
}

/// Reads the claim of a call that [`is_acs3`].
pub fn parse_claim(call: &Call) -> Result<Claim<'_>, Error> {
    let required = |name: &str| call.header(name).ok_or_else(|| Error::missing_parameter(name));
    let credentials = call.header("authorization").and_then(|value| value.strip_prefix(ALGORITHM));
    let part = |name: &str| {
        let mut parts = credentials.unwrap_or_default().split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)).ok_or_else(incomplete)
    };
    let signed_headers = part("SignedHeaders=")?;
    let is_signed =
        |name: &str| name == "authorization" || signed_headers.split(';').any(|signed| signed == name);
    if let Some(name) = call.repeated_header(is_signed) {
        let message = format!("The signed header {name} is sent more than once.");
        return Err(Error::new(400, "InvalidParameter", message));
    }
    Ok(Claim {
        access_key_id: part("Credential=")?,
        token: call.header("x-acs-security-token"),
        signature: part("Signature=")?,
        time: timestamp(required("x-acs-date")?)?,
        nonce: required("x-acs-signature-nonce")?,
        scheme: Scheme::Acs3 { signed_headers },
    })
}

fn incomplete() -> Error {
    let message = "The Authorization header must hold Credential, SignedHeaders and Signature.";
    Error::new(400, "IncompleteSignature", message)
}

/// The string to sign and the signature that is right for a call.
pub fn signature(call: &Call, signed_headers: &str, secret: &Secret) -> (String, String) {
    let text = string_to_sign(&canonical_request(call, signed_headers));
    let signature = hex::encode(hmac_sha256(secret.expose().as_bytes(), text.as_bytes()));
    (text, signature)
}

/// Whether the signature covers what a call is made of: the host, every `x-acs-` header, the body by its
/// digest, and what kind of body it is.
pub fn covers_call(call: &Call, signed_headers: &str) -> bool {
    let is_signed = |name: &str| signed_headers.split(';').any(|signed| signed == name);
    let must_be_signed = |name: &str| {
        name == "host" || name.starts_with("x-acs-") || (name == "content-type" && !call.body.is_empty())
    };
    call.headers.keys().all(|name| is_signed(name.as_str()) || !must_be_signed(name.as_str()))
        && is_signed("host")
        && call.header("x-acs-content-sha256") == Some(&sha256_hex(&call.body))
}

fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", sha256_hex(canonical_request.as_bytes()))
}

fn canonical_request(call: &Call, signed_headers: &str) -> String {
    let mut headers = String::new();
    for name in signed_headers.split(';') {
        for part in [name, ":", call.header(name).unwrap_or_default(), "\n"] {
            headers.push_str(part);
        }
    }
    let query =
        canonical(call.query.iter().map(|p| (p.name.as_str(), p.value.as_deref().unwrap_or_default())));
    format!(
        "{}\n{}\n{query}\n{headers}\n{signed_headers}\n{}",
        call.method,
        call.path,
        call.header("x-acs-content-sha256").unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::vectors::vectors;
    use super::*;

    #[test]
    fn every_vector_gives_its_canonical_request_string_to_sign_and_signature() {
        let vectors: Vec<_> = vectors().into_iter().filter(|v| v.algorithm == "acs3-hmac-sha256").collect();
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let claim = parse_claim(&vector.call).unwrap();
            let Scheme::Acs3 { signed_headers } = claim.scheme else { panic!("{}", vector.id) };
            let canonical = canonical_request(&vector.call, signed_headers);
            assert_eq!(canonical, vector.expected("canonical_request"), "{}", vector.id);
            let (text, signature) = signature(&vector.call, signed_headers, &vector.secret);
            assert_eq!(text, vector.expected("string_to_sign"), "{}", vector.id);
            assert_eq!(signature, vector.expected("signature"), "{}", vector.id);
        }
    }
}
