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

/// The names that the members of an encryption configuration have in one part of the API.
#[derive(Debug)]
pub(crate) struct ConfMembers {
    /// The member that holds the configuration.
    pub(crate) conf: &'static str,
    pub(crate) encrypt_type: &'static str,
    pub(crate) user_cmk_info: &'static str,
    pub(crate) cmk_key_id: &'static str,
    pub(crate) arn: &'static str,
    pub(crate) region_id: &'static str,
}

/// The names in `GetLogStore` and `UpdateLogStore`.
pub(crate) const OF_LOG_STORES: ConfMembers = ConfMembers {
    conf: "encrypt_conf",
    encrypt_type: "encrypt_type",
    user_cmk_info: "user_cmk_info",
    cmk_key_id: "cmk_key_id",
    arn: "arn",
    region_id: "region_id",
};

/// The names in `GetMetricStore` and `UpdateMetricStore` (the official Go SDK, which has them from tests on the real
/// service; no page describes them). Metric stores ignore the names of Logstores silently.
pub(crate) const OF_METRIC_STORES: ConfMembers = ConfMembers {
    conf: "encryptConf",
    encrypt_type: "encryptType",
    user_cmk_info: "userCmkInfo",
    cmk_key_id: "cmkKeyId",
    arn: "arn",
    region_id: "regionId",
};

/// The names in `UpdateLogStoreEncryption`, whose whole body is the configuration.
const DEDICATED: ConfMembers = ConfMembers {
    conf: "",
    encrypt_type: "encryptType",
    user_cmk_info: "userCmkInfo",
    cmk_key_id: "keyId",
    arn: "roleArn",
    region_id: "regionId",
};

impl EncryptConf {
    /// The configuration in the form of `UpdateLogStore`.
    pub fn to_json(&self) -> Value {
        Value::Object(self.to_members(&OF_LOG_STORES))
    }

    /// The configuration in the form of `UpdateMetricStore`.
    pub fn to_metric_store_json(&self) -> Value {
        Value::Object(self.to_members(&OF_METRIC_STORES))
    }

    /// The configuration in the form of `UpdateLogStoreEncryption`, which names the members differently.
    pub fn to_dedicated_json(&self) -> Map<String, Value> {
        self.to_members(&DEDICATED)
    }

    /// The configuration by these names. An algorithm that is not known is left out.
    pub(crate) fn to_members(&self, names: &ConfMembers) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("enable".to_owned(), self.enable.into());
        if !self.encrypt_type.is_empty() {
            fields.insert(names.encrypt_type.to_owned(), self.encrypt_type.clone().into());
        }
        if let Some(UserCmkInfo { cmk_key_id, arn, region_id }) = &self.user_cmk_info {
            let info = json!({ names.cmk_key_id: cmk_key_id, names.arn: arn, names.region_id: region_id });
            fields.insert(names.user_cmk_info.to_owned(), info);
        }
        fields
    }

    /// Parses the configuration in an answer.
    ///
    /// Two forms are accepted that no page describes (guesses). A configuration that is disabled may lack the
    /// algorithm, because SLS requires it only with `enable`; it is then empty. A `user_cmk_info` whose members are all
    /// empty names no key, so the key is that of the service.
    pub(crate) fn read(
        operation: &Operation,
        names: &ConfMembers,
        fields: &Map<String, Value>,
    ) -> Result<Self, Error> {
        let conf = Object::new(operation, names.conf, fields);
        let enable = conf.boolean("enable")?;
        let encrypt_type = match conf.optional_text(names.encrypt_type)? {
            Some(text) => text,
            None if enable => return Err(conf.wrong(names.encrypt_type, "a text")),
            None => "",
        };
        let user_cmk_info = match conf.optional_object(names.user_cmk_info)? {
            Some(info) if info.values().any(|value| !is_blank(value)) => {
                Some(UserCmkInfo::read(operation, names, info)?)
            }
            _ => None,
        };
        Ok(Self { enable, encrypt_type: encrypt_type.to_owned(), user_cmk_info })
    }
}

impl UserCmkInfo {
    fn read(operation: &Operation, names: &ConfMembers, fields: &Map<String, Value>) -> Result<Self, Error> {
        let info = Object::new(operation, format!("{}.{}", names.conf, names.user_cmk_info), fields);
        Ok(Self {
            cmk_key_id: info.text(names.cmk_key_id)?.to_owned(),
            arn: info.text(names.arn)?.to_owned(),
            region_id: info.text(names.region_id)?.to_owned(),
        })
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}
