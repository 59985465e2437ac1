//! Making keys and looking at them.

use serde_json::{Map, Value, json};

use super::model::{ASYMMETRIC_SPECS, Key, SYMMETRIC_SPECS, USAGES};
use super::paging::page;
use super::{KeyState, Keys, error, input, key_policy, rotation_policy, tag};
use crate::clock::iso_8601;
use crate::ids::rpc_request_id;
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer, members};

/// Letters in a description.
const DESCRIPTION_LENGTH: usize = 8_192;
/// Pairs in `Filters`.
const FILTERS: usize = 10;

/// `CreateKey`
pub fn create(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let region = request.named_region.unwrap_or(request.default_region);
    let mut key = Key::new(&new_id(parameters), region, request.now);
    key.instance = parameters.get("DKMSInstanceId").map(str::to_owned);
    key.policy = key_policy::policy(parameters)?.map(str::to_owned);
    key.tags = tag::of_new_key(parameters)?;
    description(parameters)?.unwrap_or_default().clone_into(&mut key.description);
    let specs: Vec<&str> = SYMMETRIC_SPECS.into_iter().chain(ASYMMETRIC_SPECS).collect();
    one_of(parameters, "KeySpec", &specs, &mut key.spec)?;
    one_of(parameters, "KeyUsage", &USAGES, &mut key.usage)?;
    one_of(parameters, "Origin", &["Aliyun_KMS", "EXTERNAL"], &mut key.origin)?;
    one_of(parameters, "ProtectionLevel", &["SOFTWARE", "HSM"], &mut key.protection_level)?;
    if SYMMETRIC_SPECS.contains(&key.spec.as_str()) && key.usage != "ENCRYPT/DECRYPT" {
        return Err(error::invalid("KeyUsage"));
    }
    if key.origin == "EXTERNAL" {
        key.state = KeyState::PendingImport;
    }
    if let Some(interval) = rotation_policy::parse_interval(parameters)? {
        if !key.encrypts() || key.origin == "EXTERNAL" {
            return Err(error::invalid("EnableAutomaticRotation"));
        }
        key.rotation.set(Some(interval), vec![request.now]);
    }
    let metadata = metadata(&key, request);
    keys.add(key);
    answer(json!({"KeyMetadata": metadata}))
}

/// `UpdateKeyDescription`
pub fn update_description(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let description = description(request.parameters)?;
    let description = description.ok_or_else(|| Error::missing_parameter("Description"))?;
    description.clone_into(&mut keys.required_mut(request)?.description);
    empty_answer()
}

/// `Description`, also an empty one.
fn description(parameters: &Parameters) -> Result<Option<&str>, Error> {
    let description = parameters.given("Description");
    match description.filter(|text| text.chars().count() > DESCRIPTION_LENGTH) {
        Some(_) => Err(error::invalid("Description")),
        None => Ok(description),
    }
}

/// `DescribeKey`
pub fn describe(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    let mut metadata = metadata(key, request);
    let protection = if key.protection.is_some() { "Enabled" } else { "Disabled" };
    metadata.insert("DeletionProtection".to_owned(), protection.into());
    let description = key.protection.clone().unwrap_or_default();
    metadata.insert("DeletionProtectionDescription".to_owned(), description.into());
    answer(json!({"KeyMetadata": metadata}))
}

/// `ListKeys`: those of the region, by id.
pub fn list(keys: &Keys, request: &Request<'_>) -> Outcome {
    let filters = filters(request.parameters)?;
    let region = request.named_region.unwrap_or(request.default_region);
    let listed = keys
        .all(Some(region), request.now)
        .filter(|key| filters.iter().all(|(name, values)| values.contains(&filtered_by(key, name))));
    let listed = listed.map(|key| json!({"KeyId": key.id, "KeyArn": key.arn(request.account_id)})).collect();
    let (page, mut members) = page(request.parameters, listed)?;
    members.insert("Keys".to_owned(), json!({"Key": page}));
    Ok(members)
}

/// A UUID, or for a key in an instance `key-` and letters. Instances themselves are not emulated: any id will do.
fn new_id(parameters: &Parameters) -> String {
    let digits = rpc_request_id().to_lowercase();
    match parameters.get("DKMSInstanceId") {
        Some(_) => format!("key-hzz{}", digits.replace('-', "").get(..20).unwrap_or_default()),
        None => digits,
    }
}

/// Stores the value of a parameter that is given; it must be one of the known values.
fn one_of(parameters: &Parameters, name: &str, known: &[&str], into: &mut String) -> Result<(), Error> {
    match parameters.get(name) {
        None => Ok(()),
        Some(value) if known.contains(&value) => {
            value.clone_into(into);
            Ok(())
        }
        Some(_) => Err(error::invalid(name)),
    }
}

fn metadata(key: &Key, request: &Request<'_>) -> Map<String, Value> {
    let delete_date = match key.state {
        KeyState::PendingDeletion { at } => iso_8601(at),
        _ => String::new(),
    };
    let mut metadata = members(json!({
        "KeyId": key.id,
        "Arn": key.arn(request.account_id),
        "KeyState": key.state.name(),
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        "Origin": key.origin,
        "ProtectionLevel": key.protection_level,
        "Creator": request.account_id,
        "CreationDate": iso_8601(key.created),
        "Description": key.description,
        "PrimaryKeyVersion": key.root.version_id(key.primary_at(request.now)),
        "DeleteDate": delete_date,
        "MaterialExpireTime": "",
    }));
    metadata.extend(rotation_policy::metadata(key, request.now));
    metadata.extend(key.instance.clone().map(|id| ("DKMSInstanceId".to_owned(), id.into())));
    metadata
}

/// `Filters`: a JSON list of `Key` and `Values`.
fn filters(parameters: &Parameters) -> Result<Vec<(String, Vec<String>)>, Error> {
    const KNOWN: [&str; 5] = ["KeyState", "KeySpec", "KeyUsage", "ProtectionLevel", "CreatorType"];
    let Some(text) = input::json(parameters, "Filters")? else { return Ok(Vec::new()) };
    let invalid = || error::invalid("Filters");
    let filters: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
    if filters.len() > FILTERS {
        return Err(invalid());
    }
    let read = |filter: &Value| {
        let name = filter.get("Key")?.as_str().filter(|name| KNOWN.contains(name))?;
        let values: Vec<String> = serde_json::from_value(filter.get("Values")?.clone()).ok()?;
        Some((name.to_owned(), values))
    };
    filters.iter().map(read).collect::<Option<_>>().ok_or_else(invalid)
}

fn filtered_by(key: &Key, name: &str) -> String {
    match name {
        "KeyState" => key.state.name().to_owned(),
        "KeySpec" => key.spec.clone(),
        "KeyUsage" => key.usage.clone(),
        "ProtectionLevel" => key.protection_level.clone(),
        // Nothing here is made by a cloud service.
        _ => "User".to_owned(),
    }
}
