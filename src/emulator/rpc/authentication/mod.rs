//! Who signed a call, and whether the signature holds.
//!
//! Two schemes: RPC version 1 (`Signature` among the parameters, HMAC-SHA1) and version 3
//! (`Authorization: ACS3-HMAC-SHA256`), each in its own file
//! (<https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>).

mod acs3;
mod claim;
mod nonces;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
mod v1;
#[cfg(test)]
mod vectors;

use subtle::ConstantTimeEq as _;

pub use self::acs3::is_acs3;
use self::claim::{Claim, Scheme, WINDOW};
pub use self::nonces::Nonces;
use super::{Error, Parameters};
use crate::access::{AccessKey, KeyError, Principal, usable};
use crate::clock::Clock;
use crate::http::Call;
use crypto::Secret;

/// Finds out who a call comes from: checks the date, the access key, the token, the signature, the body,
/// and that its nonce is a new one.
///
/// # Errors
///
/// The services' common error for what is missing, malformed, too old, unknown, wrong or repeated.
pub fn authenticate(
    call: &Call,
    parameters: &Parameters,
    find_key: impl Fn(&str) -> Option<AccessKey>,
    nonces: &Nonces,
    clock: &Clock,
) -> Result<Principal, Error> {
    let claim = Claim::from_call(call, parameters)?;
    // Nonces go by it too: they would be forgotten too early if this clock could be advanced.
    let now = clock.unmoved();
    if now.abs_diff(claim.time) > WINDOW {
        let message = "Specified time stamp or date value is expired.";
        return Err(Error::new(400, "InvalidTimeStamp.Expired", message));
    }
    let key = usable(find_key(claim.access_key_id), claim.token, clock.unix()).map_err(refused)?;
    claim.verify(call, parameters, &key.secret)?;
    // Last, so that only who knows the secret can use a nonce up.
    if !nonces.use_up(claim.access_key_id, claim.nonce, claim.time, now) {
        let message = "Specified signature nonce was used already.";
        return Err(Error::new(400, "SignatureNonceUsed", message));
    }
    Ok(key.principal)
}

impl<'a> Claim<'a> {
    fn from_call(call: &'a Call, parameters: &'a Parameters) -> Result<Self, Error> {
        if is_acs3(call) { acs3::parse_claim(call) } else { v1::parse_claim(parameters) }
    }

    /// Checks the signature, and that it covers the body.
    fn verify(&self, call: &Call, parameters: &Parameters, secret: &Secret) -> Result<(), Error> {
        let (text, signature) = match self.scheme {
            Scheme::V1 => v1::signature(call, parameters, secret),
            Scheme::Acs3 { signed_headers } => acs3::signature(call, signed_headers, secret),
        };
        let covers_all = match self.scheme {
            Scheme::V1 => v1::covers_body(call),
            Scheme::Acs3 { signed_headers } => acs3::covers_call(call, signed_headers),
        };
        if covers_all && bool::from(signature.as_bytes().ct_eq(self.signature.as_bytes())) {
            return Ok(());
        }
        tracing::debug!(access_key_id = self.access_key_id, covers_all, "signature does not match");
        let message = format!(
            "Specified signature is not matched with our calculation. server string to sign is:{text}"
        );
        Err(Error::new(400, "SignatureDoesNotMatch", message))
    }
}

fn refused(why: KeyError) -> Error {
    match why {
        KeyError::UnknownKey => {
            Error::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        }
        // The status is a guess.
        KeyError::Inactive => {
            Error::new(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
        }
        KeyError::MissingToken => {
            Error::new(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        }
        KeyError::InvalidToken => {
            Error::new(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        }
        KeyError::ExpiredToken => {
            Error::new(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        }
    }
}
