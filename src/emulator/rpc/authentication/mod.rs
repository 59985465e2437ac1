//! Who signed a call, and whether the signature holds.
//!
//! Two schemes: RPC version 1 (`Signature` among the parameters, HMAC-SHA1) and version 3
//! (`Authorization: ACS3-HMAC-SHA256`), each in its own file
//! (<https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>).

mod acs3;
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

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::ConstantTimeEq as _;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

pub use self::acs3::is_acs3;
pub use self::nonces::Nonces;
use super::{Error, Parameters};
use crate::crypto::Secret;
use crate::emulator::access::{self, AccessKeys, Principal, Unusable};
use crate::emulator::http::Call;

/// How far a call's date may be from the service's clock, in seconds: 15 minutes.
const WINDOW: u64 = 15 * 60;

const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// What RFC 3986 leaves as it is (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a call claims about its origin, not yet believed.
#[derive(Debug)]
struct Claim<'a> {
    access_key_id: &'a str,
    token: Option<&'a str>,
    signature: &'a str,
    /// Seconds since the epoch.
    time: i64,
    nonce: &'a str,
    scheme: Scheme<'a>,
}

#[derive(Debug)]
enum Scheme<'a> {
    V1,
    Acs3 { signed_headers: &'a str },
}

/// Finds out who a call comes from: checks the date, the access key, the token, the signature, the body,
/// and that its nonce is a new one.
///
/// # Errors
///
/// The services' common error for what is missing, malformed, too old, unknown, wrong or repeated.
pub fn authenticate(
    call: &Call,
    parameters: &Parameters,
    keys: &AccessKeys,
    nonces: &Nonces,
    now: i64,
) -> Result<Principal, Error> {
    let claim = Claim::read(call, parameters)?;
    if now.abs_diff(claim.time) > WINDOW {
        let message = "Specified time stamp or date value is expired.";
        return Err(Error::new(400, "InvalidTimeStamp.Expired", message));
    }
    let key = access::usable(keys, claim.access_key_id, claim.token, now).map_err(refused)?;
    claim.verify(call, parameters, &key.secret)?;
    // Last, so that only who knows the secret can use a nonce up.
    if !nonces.use_up(claim.access_key_id, claim.nonce, claim.time, now) {
        let message = "Specified signature nonce was used already.";
        return Err(Error::new(400, "SignatureNonceUsed", message));
    }
    Ok(key.principal.clone())
}

impl<'a> Claim<'a> {
    fn read(call: &'a Call, parameters: &'a Parameters) -> Result<Self, Error> {
        if is_acs3(call) { acs3::read(call) } else { v1::read(parameters) }
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

fn refused(why: Unusable) -> Error {
    match why {
        Unusable::UnknownKey => {
            Error::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        }
        Unusable::MissingToken => {
            Error::new(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        }
        Unusable::InvalidToken => {
            Error::new(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        }
        Unusable::ExpiredToken => {
            Error::new(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        }
    }
}

/// Reads `2026-11-20T08:00:00Z` as seconds since the epoch.
fn timestamp(text: &str) -> Result<i64, Error> {
    let malformed = "Specified time stamp or date value is not well formatted.";
    PrimitiveDateTime::parse(text, TIMESTAMP)
        .map(|time| time.assume_utc().unix_timestamp())
        .map_err(|_| Error::new(400, "InvalidTimeStamp.Format", malformed))
}

/// `name=value` pairs, encoded, sorted and joined.
fn canonical<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut pairs: Vec<(String, String)> =
        pairs.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    let written: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    written.join("&")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
