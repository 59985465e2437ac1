//! The encryption configuration of a Logstore.

use serde_json::{Map, Value, json};

use crate::error::{Error, Operation};
use crate::json_object::Object;

/// `encrypt_conf` of a Logstore.
///
/// Source: SLS documentation, structure `EncryptConf`. The first configuration fixes everything but `enable`. Texts are
/// kept letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptConf {
    /// Whether SLS encrypts the logs that are written from now on.
    pub enable: bool,
    /// The algorithm: `default`, `sm4`, `aes_gcm`, ...
    pub encrypt_type: String,
    /// The user's key (BYOK); `None` for the key of the service.
    pub user_cmk_info: Option<UserCmkInfo>,
}

/// Which action of SLS writes the encryption configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncryptionApi {
    /// `UpdateLogStore`: replaces all settings of the Logstore, so it is built from a fresh read.
    #[default]
    UpdateLogStore,
    /// `UpdateLogStoreEncryption`: sets nothing but the encryption configuration. Not every region offers it.
    UpdateLogStoreEncryption,
}

/// `user_cmk_info`: a key of the user, and the role with which SLS uses it.
///
/// Source: SLS documentation, structure `EncryptUserCmkConf`; all three members are required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCmkInfo {
    /// The id of the key in KMS.
    pub cmk_key_id: String,
    /// The ARN of the role that SLS assumes to use the key.
    pub arn: String,
    /// The region of the key.
    pub region_id: String,
}

impl EncryptConf {
    /// The configuration in the form of `UpdateLogStore`.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("enable".to_owned(), self.enable.into());
        fields.insert("encrypt_type".to_owned(), self.encrypt_type.clone().into());
        if let Some(UserCmkInfo { cmk_key_id, arn, region_id }) = &self.user_cmk_info {
            let info = json!({ "cmk_key_id": cmk_key_id, "arn": arn, "region_id": region_id });
            fields.insert("user_cmk_info".to_owned(), info);
        }
        Value::Object(fields)
    }

    /// The configuration in the form of `UpdateLogStoreEncryption`, which names the members differently.
    pub fn to_dedicated_json(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("enable".to_owned(), self.enable.into());
        if !self.encrypt_type.is_empty() {
            fields.insert("encryptType".to_owned(), self.encrypt_type.clone().into());
        }
        if let Some(UserCmkInfo { cmk_key_id, arn, region_id }) = &self.user_cmk_info {
            let info = json!({ "keyId": cmk_key_id, "roleArn": arn, "regionId": region_id });
            fields.insert("userCmkInfo".to_owned(), info);
        }
        fields
    }

    /// Parses `encrypt_conf` of an answer.
    ///
    /// Two forms are accepted that no page describes (guesses). A configuration that is disabled may lack
    /// `encrypt_type`, because SLS requires it only with `enable`; it is then empty. A `user_cmk_info` whose members are
    /// all empty names no key, so the key is that of the service.
    pub(crate) fn read(operation: &Operation, fields: &Map<String, Value>) -> Result<Self, Error> {
        let conf = Object::new(operation, "encrypt_conf", fields);
        let enable = conf.boolean("enable")?;
        let encrypt_type = match conf.optional_text("encrypt_type")? {
            Some(text) => text,
            None if enable => return Err(conf.wrong("encrypt_type", "a text")),
            None => "",
        };
        let user_cmk_info = match conf.optional_object("user_cmk_info")? {
            Some(info) if info.values().any(|value| !is_blank(value)) => {
                Some(UserCmkInfo::read(operation, info)?)
            }
            _ => None,
        };
        Ok(Self { enable, encrypt_type: encrypt_type.to_owned(), user_cmk_info })
    }
}

impl UserCmkInfo {
    fn read(operation: &Operation, fields: &Map<String, Value>) -> Result<Self, Error> {
        let info = Object::new(operation, "encrypt_conf.user_cmk_info", fields);
        Ok(Self {
            cmk_key_id: info.text("cmk_key_id")?.to_owned(),
            arn: info.text("arn")?.to_owned(),
            region_id: info.text("region_id")?.to_owned(),
        })
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}
