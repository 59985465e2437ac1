//! Making keys and looking at them.

use serde_json::{Map, Value, json};

use super::model::{ASYMMETRIC_SPECS, Key, SYMMETRIC_SPECS, USAGES};
use super::{KeyState, Keys, error, rotation};
use crate::emulator::clock::iso_8601;
use crate::emulator::ids::rpc_request_id;
use crate::emulator::rpc::{Error, Outcome, Parameters, Request, answer, members};

/// Letters in a description.
const DESCRIPTION_LENGTH: usize = 8_192;
/// Keys on a page where the call does not say, and at most.
const PAGE_SIZES: (i64, i64) = (10, 100);

/// `CreateKey`
pub fn create(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let region = request.named_region.unwrap_or(request.default_region);
    let mut key = Key::new(&rpc_request_id().to_lowercase(), region, request.now);
    let description = parameters.get("Description").unwrap_or_default();
    if description.chars().count() > DESCRIPTION_LENGTH {
        return Err(error::invalid("Description"));
    }
    description.clone_into(&mut key.description);
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
    if let Some(interval) = rotation::read(parameters)? {
        if !key.encrypts() || key.origin == "EXTERNAL" {
            return Err(error::invalid("EnableAutomaticRotation"));
        }
        key.rotation.set(Some(interval), request.now);
    }
    let metadata = metadata(&key, request);
    keys.add(key);
    answer(json!({"KeyMetadata": metadata}))
}

/// `DescribeKey`
pub fn describe(keys: &Keys, request: &Request<'_>) -> Outcome {
    let mut metadata = metadata(keys.required(request)?, request);
    metadata.insert("DeletionProtection".to_owned(), "Disabled".into());
    metadata.insert("DeletionProtectionDescription".to_owned(), "".into());
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

/// Cuts a page out of a list: the page, and the members that describe it.
pub fn page(parameters: &Parameters, all: Vec<Value>) -> Result<(Vec<Value>, Map<String, Value>), Error> {
    let (default_size, largest) = PAGE_SIZES;
    let number = parameters.number("PageNumber")?.unwrap_or(1);
    let size = parameters.number("PageSize")?.unwrap_or(default_size);
    if number < 1 {
        return Err(error::invalid("PageNumber"));
    }
    if !(1..=largest).contains(&size) {
        return Err(error::invalid("PageSize"));
    }
    let described = members(json!({"TotalCount": all.len(), "PageNumber": number, "PageSize": size}));
    let skipped = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    Ok((all.into_iter().skip(skipped).take(taken).collect(), described))
}

/// Takes a parameter over where it is given, if it is one of the values it can have.
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
        "PrimaryKeyVersion": key.root.version_id(key.rotation.primary_at(request.now)),
        "DeleteDate": delete_date,
        "MaterialExpireTime": "",
    }));
    metadata.extend(key.rotation.described(key.state, request.now));
    metadata
}

/// `Filters`: a JSON list of `Key` and `Values`.
fn filters(parameters: &Parameters) -> Result<Vec<(String, Vec<String>)>, Error> {
    const KNOWN: [&str; 5] = ["KeyState", "KeySpec", "KeyUsage", "ProtectionLevel", "CreatorType"];
    let Some(text) = parameters.get("Filters") else { return Ok(Vec::new()) };
    let invalid = || error::invalid("Filters");
    let filters: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
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
