//! What each action is about, for the policies of who calls it
//! (<https://www.alibabacloud.com/help/en/kms/key-management-service/security-and-compliance/custom-policies-of-kms>).

use super::Keys;
use super::alias::alias_name;
use super::cryptography::key_of;
use crate::rpc::{Error, Request};

type Arn = Result<String, Error>;

/// The key in `KeyId`, also where that is an alias.
pub fn key(keys: &Keys, request: &Request<'_>) -> Arn {
    Ok(keys.required(request)?.arn(request.account_id))
}

/// The key that something was encrypted with.
pub fn key_of_ciphertext(keys: &Keys, request: &Request<'_>) -> Arn {
    Ok(key_of(keys, request)?.arn(request.account_id))
}

/// All keys of the region.
pub fn every_key(_: &Keys, request: &Request<'_>) -> Arn {
    within_region(request, "key")
}

/// All aliases of the region.
pub fn every_alias(_: &Keys, request: &Request<'_>) -> Arn {
    within_region(request, "alias")
}

/// The alias in `AliasName`.
pub fn alias(_: &Keys, request: &Request<'_>) -> Arn {
    let name = alias_name(request.parameters)?;
    within_region(request, name)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the other resources are named by parameters that may be missing"
)]
fn within_region(request: &Request<'_>, resource: &str) -> Arn {
    let region = request.named_region.unwrap_or(request.default_region);
    Ok(format!("acs:kms:{region}:{}:{resource}", request.account_id))
}
