//! Who signed a call, and whether the signature holds.
//!
//! Two versions of the service's own scheme, V1 (`LOG` or `SLS`) and V4 (`SLS4-HMAC-SHA256`), each in its own
//! file (<https://www.alibabacloud.com/help/en/sls/developer-reference/request-signatures>).

mod claim;
mod dates;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
mod v1;
mod v4;
#[cfg(test)]
mod vectors;

use subtle::ConstantTimeEq as _;

use self::claim::{Claim, Scheme, invalid_method, is_signed_by_prefix};
use crate::access::{AccessKey, KeyError, Principal, usable};
use crate::clock::{Clock, iso_8601};
use crate::error::Error;
use crate::http::Call;
use crypto::{Secret, md5_upper_hex, sha256_hex};

/// The one version of the API.
const API_VERSION: &str = "0.6.0";

/// How far a call's date may be from the machine's clock, in seconds: 15 minutes.
const WINDOW: u64 = 15 * 60;

/// Finds out who a call comes from: checks the date, the access key, the signature and the body's digest.
/// `region` is the one the addressed endpoint or project lies in.
///
/// # Errors
///
/// The service's own error for what is missing, malformed, too old, unknown or wrong.
pub fn authenticate(
    call: &Call,
    find_key: impl Fn(&str) -> Option<AccessKey>,
    clock: &Clock,
    region: &str,
) -> Result<Principal, Error> {
    let claim = Claim::from_call(call)?;
    let now = clock.unmoved();
    if now.abs_diff(claim.time) > WINDOW {
        return Err(expired(claim.time, now));
    }
    let key = usable(find_key(claim.access_key_id), call.header("x-acs-security-token"), clock.unix())
        .map_err(|why| refused(why, claim.access_key_id))?;
    claim.verify(call, &key.secret, region)?;
    Ok(key.principal)
}

/// The region that a call is signed for, if its signature has one. It is not verified here.
pub fn signed_region(call: &Call) -> Option<&str> {
    match Claim::from_call(call).ok()?.scheme {
        Scheme::V4(scope) => Some(scope.region),
        Scheme::V1(_) => None,
    }
}

fn refused(why: KeyError, access_key_id: &str) -> Error {
    match why {
        KeyError::UnknownKey => Error::unauthorized(format!("AccessKeyId not found: {access_key_id}")),
        KeyError::Inactive => Error::unauthorized(format!("AccessKeyId is disabled: {access_key_id}")),
        KeyError::MissingToken | KeyError::InvalidToken => {
            Error::unauthorized("The security token you provided is invalid.")
        }
        KeyError::ExpiredToken => Error::unauthorized("The security token you provided has expired."),
    }
}

impl<'a> Claim<'a> {
    /// Reads the headers a signature needs.
    ///
    /// # Errors
    ///
    /// The service's own error for the first header that is missing or malformed.
    pub fn from_call(call: &'a Call) -> Result<Self, Error> {
        check_general_headers(call)?;
        let authorization = call.header("authorization").ok_or_else(|| {
            Error::new(400, "MissAccessKeyId", "x-log-accesskeyid does not exist in header.")
        })?;
        match authorization.split_once(' ') {
            Some(("LOG" | "SLS", credentials)) => v1::parse_claim(call, credentials),
            Some(("SLS4-HMAC-SHA256", credentials)) => v4::parse_claim(call, credentials),
            Some((method, _)) => Err(invalid_method(method)),
            None => Err(invalid_method(authorization)),
        }
    }

    /// Checks signature and digests against the secret of the claimed access key.
    ///
    /// # Errors
    ///
    /// `SignatureNotMatch`. Which part did not match is in the emulator's log, not in the answer.
    pub fn verify(&self, call: &Call, secret: &Secret, region: &str) -> Result<(), Error> {
        let matches = match &self.scheme {
            Scheme::V1(method) => v1::signatures(call, *method, self.date, secret)
                .iter()
                .any(|expected| equal_in_constant_time(expected, self.signature)),
            Scheme::V4(scope) => {
                scope.region == region
                    && equal_in_constant_time(&v4::signature(call, scope, self.date, secret), self.signature)
            }
        };
        if !matches {
            tracing::debug!(access_key_id = self.access_key_id, region, "signature does not match");
        } else if !self.body_is_what_was_signed(call) {
            tracing::debug!(access_key_id = self.access_key_id, "the body is not the one that was signed");
        } else {
            return Ok(());
        }
        Err(Error::signature_not_match(self.signature))
    }

    /// V1 signs the MD5 in `Content-MD5`, V4 the SHA-256 in `x-log-content-sha256`. A body that comes
    /// without a digest is not bound to the signature and not accepted.
    fn body_is_what_was_signed(&self, call: &Call) -> bool {
        match self.scheme {
            Scheme::V1(_) => {
                let digest = call.header("content-md5").unwrap_or_default();
                let may_be_absent = call.body.is_empty() && digest.is_empty();
                may_be_absent || digest == md5_upper_hex(&call.body)
            }
            Scheme::V4(_) => call.header("x-log-content-sha256") == Some(&sha256_hex(&call.body)),
        }
    }
}

/// Compares two signatures in a time that depends on their lengths only.
fn equal_in_constant_time(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

/// Whether a header is part of a signature, in one version at least, or is the signature.
fn is_signed(name: &str) -> bool {
    is_signed_by_prefix(name) || ["authorization", "content-md5", "content-type", "date"].contains(&name)
}

fn check_general_headers(call: &Call) -> Result<(), Error> {
    if call.host.is_empty() {
        return Err(Error::missing_header("MissingHost", "Host"));
    }
    if call.hosts_disagree() {
        return Err(Error::new(
            400,
            "InvalidHost",
            "The Host header and the request target name different hosts.",
        ));
    }
    if let Some(name) = call.repeated_header(is_signed) {
        return Err(Error::parameter_invalid(format!("The header {name} is sent more than once.")));
    }
    match call.header("x-log-apiversion") {
        None => Err(Error::missing_header("MissingAPIVersion", "x-log-apiversion")),
        Some(API_VERSION) => Ok(()),
        Some(version) => {
            let message = format!("x-log-apiversion {version} is unsupported.");
            Err(Error::new(400, "InvalidAPIVersion", message))
        }
    }
}

fn expired(time: i64, now: i64) -> Error {
    let (time, now) = (iso_8601(time), iso_8601(now));
    let message = format!("Request time {time} has been expired while server time is {now}.");
    Error::new(400, "RequestTimeExpired", message)
}
