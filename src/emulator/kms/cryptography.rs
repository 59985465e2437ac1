//! What keys are used for: encrypting, decrypting, and data keys.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::model::Key;
use super::sealing::{Content, Sealed, random_bytes};
use super::{Keys, error, input};
use crate::rpc::{Error, Outcome, Parameters, Request, answer};

/// Bytes in a plaintext: of 6 KiB in base64.
const PLAINTEXT_LENGTH: usize = 8 * 1_024;
/// Bytes in a data key.
const DATA_KEY_LENGTHS: std::ops::RangeInclusive<i64> = 1..=1_024;

/// `Encrypt`: the text of `Plaintext` as it is. The documentation asks for base64, which the service does not hold
/// anyone to: the official provider sends other text, and its tests get it back.
pub fn encrypt(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    key.check_usable()?;
    let plaintext = request.parameters.required("Plaintext")?;
    if plaintext.len() > PLAINTEXT_LENGTH {
        return Err(error::invalid("Plaintext"));
    }
    let (version_id, blob) = sealed(key, request, Content::Text, plaintext.as_bytes())?;
    answer(json!({"KeyId": key.id, "KeyVersionId": version_id, "CiphertextBlob": blob}))
}

/// `Decrypt`: the key is found in what it sealed.
pub fn decrypt(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = key_of(keys, request)?;
    key.check_usable()?;
    let sealed = sealed_blob(request.parameters)?;
    let context = encryption_context(request.parameters)?;
    let plaintext = sealed.open(&key.root, &context).ok_or_else(|| error::invalid("CiphertextBlob"))?;
    let plaintext = match sealed.content {
        Content::Text => String::from_utf8_lossy(&plaintext).into_owned(),
        Content::DataKey => STANDARD.encode(&*plaintext),
    };
    answer(json!({
        "KeyId": key.id,
        "KeyVersionId": key.root.version_id(sealed.version),
        "Plaintext": plaintext,
    }))
}

/// `GenerateDataKey`
pub fn generate_data_key(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    key.check_usable()?;
    let data_key = random_bytes(data_key_length(request.parameters)?);
    let (version_id, blob) = sealed(key, request, Content::DataKey, &data_key)?;
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
fn sealed(
    key: &Key,
    request: &Request<'_>,
    kind: Content,
    plaintext: &[u8],
) -> Result<(String, String), Error> {
    let context = encryption_context(request.parameters)?;
    let version = key.primary_at(request.now);
    let sealed = Sealed::seal(kind, &key.id, &key.root, version, plaintext, &context);
    Ok((key.root.version_id(version), STANDARD.encode(sealed.to_bytes())))
}

fn sealed_blob(parameters: &Parameters) -> Result<Sealed, Error> {
    let bytes = STANDARD.decode(parameters.required("CiphertextBlob")?).ok();
    bytes.and_then(|bytes| Sealed::from_bytes(&bytes)).ok_or_else(|| error::invalid("CiphertextBlob"))
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
