//! What keys are used for: encrypting, decrypting, and data keys.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zeroize::Zeroizing;

use super::model::Key;
use super::sealing::{Sealed, random_bytes};
use super::{Keys, error, input};
use crate::rpc::{Error, Outcome, Parameters, Request, answer};

/// Bytes in a plaintext.
const PLAINTEXT_LENGTH: usize = 6 * 1_024;
/// Bytes in a data key.
const DATA_KEY_LENGTHS: std::ops::RangeInclusive<i64> = 1..=1_024;

/// `Encrypt`
pub fn encrypt(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    key.check_usable()?;
    let plaintext = base64(request.parameters, "Plaintext")?;
    if plaintext.len() > PLAINTEXT_LENGTH {
        return Err(error::invalid("Plaintext"));
    }
    let (version_id, blob) = sealed(key, request, &plaintext)?;
    answer(json!({"KeyId": key.id, "KeyVersionId": version_id, "CiphertextBlob": blob}))
}

/// `Decrypt`: the key is found in what it sealed.
pub fn decrypt(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = key_of(keys, request)?;
    key.check_usable()?;
    let sealed = sealed_blob(request.parameters)?;
    let context = encryption_context(request.parameters)?;
    let plaintext = sealed.open(&key.root, &context).ok_or_else(|| error::invalid("CiphertextBlob"))?;
    answer(json!({
        "KeyId": key.id,
        "KeyVersionId": key.root.version_id(sealed.version),
        "Plaintext": STANDARD.encode(&*plaintext),
    }))
}

/// `GenerateDataKey`
pub fn generate_data_key(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    key.check_usable()?;
    let data_key = random_bytes(data_key_length(request.parameters)?);
    let (version_id, blob) = sealed(key, request, &data_key)?;
    answer(json!({
        "KeyId": key.id,
        "KeyVersionId": version_id,
        "Plaintext": STANDARD.encode(&*data_key),
        "CiphertextBlob": blob,
    }))
}

/// `GenerateDataKeyWithoutPlaintext`
pub fn generate_data_key_without_plaintext(keys: &Keys, request: &Request<'_>) -> Outcome {
    let mut members = generate_data_key(keys, request)?;
    members.remove("Plaintext");
    Ok(members)
}

/// The key that sealed `CiphertextBlob`.
///
/// # Errors
///
/// `MissingParameter`, `InvalidParameter`, `Forbidden.KeyNotFound`.
pub fn key_of<'k>(keys: &'k Keys, request: &Request<'_>) -> Result<&'k Key, Error> {
    let sealed = sealed_blob(request.parameters)?;
    keys.key(&sealed.key_id, request.named_region, request.now).ok_or_else(error::key_not_found)
}

/// Seals with the primary version. Returns its id and the `CiphertextBlob`.
fn sealed(key: &Key, request: &Request<'_>, plaintext: &[u8]) -> Result<(String, String), Error> {
    let context = encryption_context(request.parameters)?;
    let version = key.primary_at(request.now);
    let sealed = Sealed::seal(&key.id, &key.root, version, plaintext, &context);
    Ok((key.root.version_id(version), STANDARD.encode(sealed.to_bytes())))
}

fn sealed_blob(parameters: &Parameters) -> Result<Sealed, Error> {
    let bytes = base64(parameters, "CiphertextBlob")?;
    Sealed::from_bytes(&bytes).ok_or_else(|| error::invalid("CiphertextBlob"))
}

fn base64(parameters: &Parameters, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let bytes = STANDARD.decode(parameters.required(name)?);
    bytes.map(Zeroizing::new).map_err(|_| error::invalid(name))
}

/// `EncryptionContext`: the same bytes for the same pairs, whatever their order and spacing.
fn encryption_context(parameters: &Parameters) -> Result<Vec<u8>, Error> {
    let invalid = || error::invalid("EncryptionContext");
    let Some(text) = input::json(parameters, "EncryptionContext")? else { return Ok(Vec::new()) };
    let pairs: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| invalid())?;
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::to_vec(&pairs).map_err(|_| invalid())
}

/// `NumberOfBytes`, else what `KeySpec` says, else 32.
fn data_key_length(parameters: &Parameters) -> Result<usize, Error> {
    if let Some(length) = parameters.number("NumberOfBytes")? {
        let length = Some(length).filter(|length| DATA_KEY_LENGTHS.contains(length));
        return length
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| error::invalid("NumberOfBytes"));
    }
    match parameters.get("KeySpec") {
        None | Some("AES_256") => Ok(32),
        Some("AES_128") => Ok(16),
        Some(_) => Err(error::invalid("KeySpec")),
    }
}
