//! Aliases: names for keys, within a region.

use serde_json::{Value, json};

use super::paging::page;
use super::{Alias, KeyState, Keys, error};
use crate::rpc::{Error, Outcome, Parameters, Request, empty_answer};

/// Letters in an alias, `alias/` included.
const LENGTH: std::ops::RangeInclusive<usize> = 7..=255;
/// What the names of the cloud's own aliases begin with
/// (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-createalias>).
const RESERVED: &str = "alias/acs";

/// `CreateAlias`
pub fn create(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    if matches!(key.state, KeyState::PendingDeletion { .. }) {
        return Err(error::state_modified_failed());
    }
    let name = alias_name(request.parameters)?.to_owned();
    let alias = Alias { region: key.region.clone(), name, key_id: key.id.clone() };
    if keys.aliases.add(alias) { empty_answer() } else { Err(error::alias_exists()) }
}

/// `UpdateAlias`: from now on it is the name of another key.
pub fn update(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let id = keys.required(request)?.id.clone();
    let alias = alias_of(request)?;
    keys.aliases.get_mut(&alias).ok_or_else(error::alias_not_found)?.key_id = id;
    empty_answer()
}

/// `DeleteAlias`
pub fn delete(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let alias = alias_of(request)?;
    match keys.aliases.remove(&alias) {
        Some(_) => empty_answer(),
        None => Err(error::alias_not_found()),
    }
}

/// `ListAliases`: those of the region.
pub fn list(keys: &Keys, request: &Request<'_>) -> Outcome {
    list_where(keys, request, |_| true)
}

/// `ListAliasesByKeyId`
pub fn list_by_key_id(keys: &Keys, request: &Request<'_>) -> Outcome {
    let id = &keys.required(request)?.id;
    list_where(keys, request, |of| of == id)
}

fn list_where(keys: &Keys, request: &Request<'_>, include: impl Fn(&String) -> bool) -> Outcome {
    let region = region_of(request);
    let aliases = keys.aliases.values().filter(|alias| alias.region == region && include(&alias.key_id));
    let aliases: Vec<Value> = aliases
        .map(|Alias { region, name, key_id }| {
            let arn = format!("acs:kms:{region}:{}:{name}", request.account_id);
            json!({"KeyId": key_id, "AliasName": name, "AliasArn": arn})
        })
        .collect();
    let (page, mut members) = page(request.parameters, aliases)?;
    members.insert("Aliases".to_owned(), json!({"Alias": page}));
    Ok(members)
}

/// `AliasName`: `alias/` and letters, digits, `_`, `/` and `-`; those that begin with `alias/acs` are the cloud's.
///
/// # Errors
///
/// `MissingParameter`, `InvalidParameter`.
pub fn alias_name(parameters: &Parameters) -> Result<&str, Error> {
    let name = parameters.required("AliasName")?;
    let is_well_formed = name.starts_with("alias/")
        && LENGTH.contains(&name.len())
        && !name.starts_with(RESERVED)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_/-".contains(c));
    if is_well_formed { Ok(name) } else { Err(error::invalid("AliasName")) }
}

fn alias_of(request: &Request<'_>) -> Result<(String, String), Error> {
    Ok((region_of(request).to_owned(), alias_name(request.parameters)?.to_owned()))
}

fn region_of<'r>(request: &Request<'r>) -> &'r str {
    request.named_region.unwrap_or(request.default_region)
}
