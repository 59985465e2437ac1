//! The description of a key by KMS.

use std::fmt;

use serde::Deserialize;

use crate::rpc::members::optional_text;

/// The members of `KeyMetadata` that decide whether a key can be used.
///
/// Source: KMS documentation, `DescribeKey`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadata {
    /// `KeyId`; the id of the key also if the call named an alias.
    pub key_id: String,
    /// `Arn`: `acs:kms:<region>:<account id>:key/<key id>`.
    pub arn: String,
    /// `KeyState`
    pub key_state: KeyState,
    /// `KeySpec`: `Aliyun_AES_256`, `Aliyun_SM4`, `RSA_2048` and so on.
    pub key_spec: String,
    /// `KeyUsage`: `ENCRYPT/DECRYPT` or `SIGN/VERIFY`.
    pub key_usage: String,
    /// `DeleteDate` in UTC, of a key that is pending deletion. Other keys have an empty string.
    #[serde(default, deserialize_with = "optional_text")]
    pub delete_date: Option<String>,
}

/// `KeyState`
///
/// Source: KMS documentation, "Impact of CMK states".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum KeyState {
    /// `Enabled`: the only state in which a key encrypts and decrypts.
    Enabled,
    /// `Disabled`
    Disabled,
    /// `PendingDeletion`
    PendingDeletion,
    /// `PendingImport`: the key has no material yet.
    PendingImport,
    /// An undocumented state.
    #[serde(untagged)]
    Other(String),
}

impl KeyState {
    /// The state as KMS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl KeyMetadata {
    /// Whether the key is symmetric: only symmetric keys generate and decrypt data keys.
    ///
    /// Source: KMS documentation, "Overview of key specs": the specs of symmetric keys are `Aliyun_AES_*` and
    /// `Aliyun_SM4`.
    pub fn is_symmetric(&self) -> bool {
        self.key_spec.starts_with("Aliyun_AES_") || self.key_spec == "Aliyun_SM4"
    }

    /// The region in the ARN; `None` if the ARN does not have the documented form.
    pub fn region_id(&self) -> Option<&str> {
        self.arn.strip_prefix("acs:kms:")?.split(':').next().filter(|region| !region.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(more: &Value) -> Result<KeyMetadata, serde_json::Error> {
        let mut key = json!({ "KeyId": "k", "Arn": "acs:kms:cn-hangzhou:1:key/k", "KeyState": "Enabled",
            "KeySpec": "Aliyun_AES_256", "KeyUsage": "ENCRYPT/DECRYPT", "DeleteDate": "", "New": {} });
        for (name, value) in more.as_object().unwrap() {
            key[name] = value.clone();
        }
        serde_json::from_value(key)
    }

    #[test]
    fn an_empty_delete_date_is_none() {
        let key = read(&json!({})).unwrap();
        assert_eq!((key.key_state, key.delete_date), (KeyState::Enabled, None));
        let key = read(&json!({ "KeyState": "Stolen", "DeleteDate": "2026-12-01T00:00:00Z" })).unwrap();
        assert_eq!((key.key_state.to_string().as_str(), key.delete_date.is_some()), ("Stolen", true));
    }

    #[test]
    fn a_key_state_that_is_not_a_string_is_refused() {
        assert!(read(&json!({ "KeyState": null })).is_err());
    }

    #[test]
    fn the_key_spec_decides_is_symmetric_and_the_arn_has_the_region() {
        for (spec, symmetric) in
            [("Aliyun_AES_128", true), ("Aliyun_SM4", true), ("RSA_2048", false), ("EC_SM2", false)]
        {
            assert_eq!(read(&json!({ "KeySpec": spec })).unwrap().is_symmetric(), symmetric, "{spec}");
        }
        assert_eq!(read(&json!({})).unwrap().region_id(), Some("cn-hangzhou"));
        assert_eq!(read(&json!({ "Arn": "x" })).unwrap().region_id(), None);
    }
}
