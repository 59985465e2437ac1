//! RPC signature version 1: `Signature` among the parameters, HMAC-SHA1 over all others.
//!
//! It covers no header: neither the host nor any `x-acs-` one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::claim::{Claim, Scheme, canonical, encoded, timestamp};
use super::{Error, Parameters};
use crate::http::Call;
use crate::rpc::parameters::is_form;
use crypto::{Secret, hmac_sha1};

/// Reads the claim among the parameters of a call.
pub fn parse_claim(parameters: &Parameters) -> Result<Claim<'_>, Error> {
    let required = |name: &str| {
        let missing =
            || Error::new(400, format!("Missing{name}"), format!("{name} is mandatory for this action."));
        parameters.get(name).ok_or_else(missing)
    };
    let access_key_id = required("AccessKeyId")?;
    // Headers that name them as well are not signed.
    required("Action")?;
    required("Version")?;
    for (name, value) in [("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0")] {
        if required(name)? != value {
            return Err(Error::incorrect(name));
        }
    }
    Ok(Claim {
        access_key_id,
        token: parameters.get("SecurityToken"),
        signature: required("Signature")?,
        time: timestamp(required("Timestamp")?)?,
        nonce: required("SignatureNonce")?,
        scheme: Scheme::V1,
    })
}

/// The string to sign and the signature that is right for a call.
pub fn signature(call: &Call, parameters: &Parameters, secret: &Secret) -> (String, String) {
    let text = string_to_sign(call, parameters);
    let key = Secret::from(format!("{}&", secret.expose()));
    let signature = STANDARD.encode(hmac_sha1(key.expose().as_bytes(), text.as_bytes()));
    (text, signature)
}

/// Whether the signed parameters are the whole call.
pub fn covers_body(call: &Call) -> bool {
    call.body.is_empty() || (is_form(call) && std::str::from_utf8(&call.body).is_ok())
}

fn string_to_sign(call: &Call, parameters: &Parameters) -> String {
    let signed = parameters.iter().filter(|parameter| parameter.name != "Signature");
    let pairs = signed.map(|p| (p.name.as_str(), p.value.as_deref().unwrap_or_default()));
    format!("{}&{}&{}", call.method, encoded(signed_path(&call.path)), encoded(&canonical(pairs)))
}

/// The path as it is signed. At endpoints of Simple Log Service such calls go to `/open-api`, which SDKs take for a
/// part of the endpoint.
fn signed_path(path: &str) -> &str {
    path.strip_prefix("/open-api").filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::super::vectors::vectors;
    use super::*;

    #[test]
    fn every_vector_gives_its_string_to_sign_and_signature() {
        let vectors: Vec<_> = vectors().into_iter().filter(|v| v.algorithm == "rpc-v1-hmac-sha1").collect();
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let (text, signature) =
                signature(&vector.call, &Parameters::from_call(&vector.call), &vector.secret);
            assert_eq!(text, vector.expected("string_to_sign"), "{}", vector.id);
            assert_eq!(signature, vector.expected("signature"), "{}", vector.id);
        }
    }
}
