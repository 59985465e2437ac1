//! Encryption configurations: what is well-formed, and what may follow on what
//! (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).
//!
//! The first configuration fixes mechanism, algorithm and customer key permanently, also while encryption
//! is switched off. Everything is compared and kept letter by letter.

use serde_json::{Map, Value, json};

use super::violation::Violation;
use crate::Rules;
use crate::error::Error;
use storage::Algorithm;

/// The algorithms, in every spelling the vendor's pages and SDKs have.
const ENCRYPT_TYPES: [&str; 11] = [
    "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb",
    "aes_gcm",
];

/// An encryption configuration as a call describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptConf {
    /// Whether data is encrypted from here on.
    pub enable: bool,
    /// The algorithm; may be missing only where `enable` is false.
    pub encrypt_type: Option<String>,
    /// The customer's key; without it the service's own is used.
    pub user_cmk_info: Option<UserCmkInfo>,
}

/// A customer's key and the role to use it with. No member is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCmkInfo {
    /// The key's id.
    pub cmk_key_id: String,
    /// The role's ARN.
    pub arn: String,
    /// The key's region.
    pub region_id: String,
}

/// The member names of a configuration in one API.
#[derive(Debug)]
pub struct FieldNames {
    /// The name of the configuration in errors.
    name: &'static str,
    encrypt_type: &'static str,
    user_cmk_info: &'static str,
    cmk_key_id: &'static str,
    arn: &'static str,
    region_id: &'static str,
}

/// The names of `encrypt_conf` in CreateLogStore, GetLogStore and UpdateLogStore.
pub const ENCRYPT_CONF: FieldNames = FieldNames {
    name: "encrypt_conf",
    encrypt_type: "encrypt_type",
    user_cmk_info: "user_cmk_info",
    cmk_key_id: "cmk_key_id",
    arn: "arn",
    region_id: "region_id",
};

/// The names in `UpdateLogStoreEncryption`.
pub const ENCRYPTION_API: FieldNames = FieldNames {
    name: "encryption",
    encrypt_type: "encryptType",
    user_cmk_info: "userCmkInfo",
    cmk_key_id: "keyId",
    arn: "roleArn",
    region_id: "regionId",
};

/// The names of `encryptConf` in the operations on metric stores.
pub const METRIC_STORE: FieldNames = FieldNames {
    name: "encryptConf",
    encrypt_type: "encryptType",
    user_cmk_info: "userCmkInfo",
    cmk_key_id: "cmkKeyId",
    arn: "arn",
    region_id: "regionId",
};

impl FieldNames {
    /// A stored configuration in these names.
    pub fn translated(&self, stored: &Value) -> Value {
        let enable = stored.get("enable").cloned().unwrap_or_default();
        let mut conf = Map::from_iter([("enable".to_owned(), enable)]);
        conf.extend(encrypt_type_of(stored).map(|name| (self.encrypt_type.to_owned(), name.into())));
        conf.extend(user_cmk_info_of(stored).map(|info| {
            let info = json!({
                self.cmk_key_id: info.cmk_key_id,
                self.arn: info.arn,
                self.region_id: info.region_id,
            });
            (self.user_cmk_info.to_owned(), info)
        }));
        Value::Object(conf)
    }

    /// The configuration is not an object.
    pub fn malformed(&self) -> Violation {
        Violation::new(self.name, format!("[{}] must be an object", self.name))
    }

    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// The first member that is missing, of the wrong type, empty, or an unknown algorithm; where
    /// unknown members are refused, also those.
    pub fn parse(&self, conf: &Map<String, Value>, rules: Rules) -> Result<EncryptConf, Violation> {
        self.check_redundancy(conf, &["enable", self.encrypt_type, self.user_cmk_info], rules)?;
        let enable = conf.get("enable").and_then(Value::as_bool).ok_or_else(|| self.invalid("enable"))?;
        let encrypt_type = match conf.get(self.encrypt_type) {
            None => None,
            Some(Value::String(name)) if ENCRYPT_TYPES.contains(&name.as_str()) => Some(name.clone()),
            Some(_) => return Err(self.invalid(self.encrypt_type)),
        };
        let user_cmk_info = match conf.get(self.user_cmk_info) {
            None => None,
            Some(Value::Object(info)) => Some(self.parse_user_cmk_info(info, rules)?),
            Some(_) => return Err(self.invalid(self.user_cmk_info)),
        };
        Ok(EncryptConf { enable, encrypt_type, user_cmk_info })
    }

    fn parse_user_cmk_info(&self, info: &Map<String, Value>, rules: Rules) -> Result<UserCmkInfo, Violation> {
        self.check_redundancy(info, &[self.cmk_key_id, self.arn, self.region_id], rules)?;
        let text = |name: &str| match info.get(name).and_then(Value::as_str) {
            None | Some("") => Err(self.invalid(&format!("{}.{name}", self.user_cmk_info))),
            Some(text) => Ok(text.to_owned()),
        };
        Ok(UserCmkInfo {
            cmk_key_id: text(self.cmk_key_id)?,
            arn: text(self.arn)?,
            region_id: text(self.region_id)?,
        })
    }

    fn check_redundancy(
        &self,
        members: &Map<String, Value>,
        known: &[&str],
        rules: Rules,
    ) -> Result<(), Violation> {
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) if rules == Rules::Strict => {
                Err(Violation::new(&format!("{}.{name}", self.name), "redundant key exist in json"))
            }
            _ => Ok(()),
        }
    }

    /// The service's text for anything wrong inside a configuration.
    fn invalid(&self, member: &str) -> Violation {
        let message = format!("The {} is invalid, [{member}] key is missing or not supported", self.name);
        Violation::new(&format!("{}.{member}", self.name), message)
    }
}

/// The `encrypt_conf` that results from a complete one on top of what is stored; `None` where there still
/// is none.
///
/// # Errors
///
/// `LogStoreInfoInvalid` without an algorithm where one is needed, `ParameterInvalid` where anything but
/// `enable` would change.
pub fn configured(
    stored: Option<&Value>,
    conf: &EncryptConf,
    names: &FieldNames,
) -> Result<Option<Value>, Error> {
    match stored {
        Some(stored) => reconfigured(stored, conf, names).map(Some),
        None => first_configuration(conf, names),
    }
}

/// As [`configured`], where a part is enough: what is left out is taken from what is stored.
///
/// # Errors
///
/// Those of [`configured`].
pub fn switched(
    stored: Option<&Value>,
    mut conf: EncryptConf,
    names: &FieldNames,
) -> Result<Option<Value>, Error> {
    if let Some(stored) = stored {
        conf.encrypt_type = conf.encrypt_type.or_else(|| encrypt_type_of(stored).map(str::to_owned));
        conf.user_cmk_info = conf.user_cmk_info.or_else(|| user_cmk_info_of(stored));
    }
    configured(stored, &conf, names)
}

/// The `encrypt_conf` that results from an UpdateLogStore that has none in its body.
///
/// # Errors
///
/// `ParameterInvalid` on a Logstore that has a configuration, unless the rules are lenient: every update
/// of such a Logstore has to carry it.
pub fn omitted(stored: Option<&Value>, rules: Rules) -> Result<Option<Value>, Error> {
    match stored {
        Some(_) if rules != Rules::Lenient => {
            Err(Error::parameter_invalid("encrypt_conf is set and must be complete in every update"))
        }
        stored => Ok(stored.cloned()),
    }
}

/// How the blocks of a Logstore with this configuration are encrypted; `None` while encryption is switched
/// off. `default` is AES, `m4` and `sm4` are SM4, each with GCM where the name does not say a mode.
pub fn algorithm_of(stored: &Value) -> Option<Algorithm> {
    if stored.get("enable") != Some(&Value::Bool(true)) {
        return None;
    }
    Some(match encrypt_type_of(stored).unwrap_or_default() {
        "m4" | "sm4" | "sm4_gcm" => Algorithm::Sm4Gcm,
        "sm4_ecb" => Algorithm::Sm4Ecb,
        "sm4_cbc" => Algorithm::Sm4Cbc,
        "aes_ecb" => Algorithm::AesEcb,
        "aes_cbc" => Algorithm::AesCbc,
        "aes_cfb" => Algorithm::AesCfb,
        "aes_ofb" => Algorithm::AesOfb,
        // Also what only the control API can set: switched on never means in clear.
        _ => Algorithm::AesGcm,
    })
}

fn first_configuration(conf: &EncryptConf, names: &FieldNames) -> Result<Option<Value>, Error> {
    match &conf.encrypt_type {
        // Switching off what never was on configures nothing.
        None if !conf.enable && conf.user_cmk_info.is_none() => Ok(None),
        None => Err(names.invalid(names.encrypt_type).into()),
        Some(encrypt_type) => {
            let mut stored = json!({"enable": conf.enable, "encrypt_type": encrypt_type});
            if let (Some(info), Some(members)) = (&conf.user_cmk_info, stored.as_object_mut()) {
                members.insert("user_cmk_info".to_owned(), info.to_json());
            }
            Ok(Some(stored))
        }
    }
}

fn reconfigured(stored: &Value, conf: &EncryptConf, names: &FieldNames) -> Result<Value, Error> {
    let encrypt_type =
        conf.encrypt_type.as_deref().ok_or_else(|| Error::from(names.invalid(names.encrypt_type)))?;
    let is_same =
        encrypt_type_of(stored) == Some(encrypt_type) && user_cmk_info_of(stored) == conf.user_cmk_info;
    if !is_same {
        let message = format!("{} is set, only enable can be changed", names.name);
        return Err(Error::parameter_invalid(message));
    }
    let mut next = stored.clone();
    if let Some(members) = next.as_object_mut() {
        members.insert("enable".to_owned(), conf.enable.into());
    }
    Ok(next)
}

fn encrypt_type_of(stored: &Value) -> Option<&str> {
    stored.get("encrypt_type").and_then(Value::as_str)
}

/// The customer's key in a stored configuration, if it has one.
pub fn user_cmk_info_of(stored: &Value) -> Option<UserCmkInfo> {
    let info = stored.get("user_cmk_info")?;
    let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(UserCmkInfo { cmk_key_id: text("cmk_key_id"), arn: text("arn"), region_id: text("region_id") })
}

impl UserCmkInfo {
    fn to_json(&self) -> Value {
        json!({"cmk_key_id": self.cmk_key_id, "arn": self.arn, "region_id": self.region_id})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "acs:ram::1234567890123456:role/byok";

    fn read(conf: &Value, rules: Rules) -> Result<EncryptConf, Violation> {
        ENCRYPT_CONF.parse(conf.as_object().unwrap(), rules)
    }

    fn byok(enable: bool) -> Value {
        json!({"enable": enable, "encrypt_type": "default",
            "user_cmk_info": {"cmk_key_id": "key-1", "arn": ARN, "region_id": "cn-hangzhou"}})
    }

    fn put(stored: Option<&Value>, conf: &Value) -> Result<Option<Value>, Error> {
        configured(stored, &read(conf, Rules::Default)?, &ENCRYPT_CONF)
    }

    #[track_caller]
    fn refused_as_immutable(stored: &Value, conf: &Value) {
        let error = put(Some(stored), conf).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "ParameterInvalid"), "{conf}");
    }

    #[track_caller]
    fn malformed(conf: &Value, member: &str) {
        let violation = read(conf, Rules::Default).unwrap_err();
        assert_eq!(
            violation.message,
            format!("The encrypt_conf is invalid, [{member}] key is missing or not supported")
        );
        assert_eq!(violation.field, format!("encrypt_conf.{member}"));
    }

    #[test]
    fn every_algorithm_is_kept_as_it_is_spelt() {
        for encrypt_type in ENCRYPT_TYPES {
            let conf = json!({"enable": true, "encrypt_type": encrypt_type});
            assert_eq!(put(None, &conf), Ok(Some(conf)));
        }
    }

    #[test]
    fn every_algorithm_has_a_cipher_while_it_is_switched_on() {
        for encrypt_type in ENCRYPT_TYPES {
            let conf = |enable: bool| json!({"enable": enable, "encrypt_type": encrypt_type});
            let algorithm = algorithm_of(&conf(true)).unwrap();
            let (cipher, mode) = encrypt_type.split_once('_').unwrap_or((encrypt_type, "gcm"));
            let cipher = if cipher == "default" { "aes" } else { cipher };
            let expected = format!("{}{mode}", cipher.replace("m4", "sm4").replace("ssm4", "sm4"));
            assert_eq!(format!("{algorithm:?}").to_lowercase(), expected);
            assert_eq!(algorithm_of(&conf(false)), None);
        }
    }

    #[test]
    fn malformed_configurations_name_the_member() {
        malformed(&json!({}), "enable");
        malformed(&json!({"enable": "true"}), "enable");
        malformed(&json!({"enable": true, "encrypt_type": "rot13"}), "encrypt_type");
        malformed(&json!({"enable": true, "encrypt_type": "Default"}), "encrypt_type");
        malformed(&json!({"enable": true, "encrypt_type": 4}), "encrypt_type");
        malformed(&json!({"enable": true, "encrypt_type": "m4", "user_cmk_info": null}), "user_cmk_info");
        for member in ["cmk_key_id", "arn", "region_id"] {
            let mut conf = byok(true);
            conf["user_cmk_info"][member] = "".into();
            malformed(&conf, &format!("user_cmk_info.{member}"));
            conf["user_cmk_info"].as_object_mut().unwrap().remove(member);
            malformed(&conf, &format!("user_cmk_info.{member}"));
        }
    }

    #[test]
    fn enabling_needs_an_algorithm() {
        let error = put(None, &json!({"enable": true})).unwrap_err();
        assert_eq!(error.code, "LogStoreInfoInvalid");
        assert_eq!(
            error.message,
            "The encrypt_conf is invalid, [encrypt_type] key is missing or not supported"
        );
    }

    #[test]
    fn switching_off_what_never_was_on_configures_nothing() {
        assert_eq!(put(None, &json!({"enable": false})), Ok(None));
    }

    #[test]
    fn only_enable_changes_after_the_first_configuration() {
        let on = put(None, &byok(true)).unwrap().unwrap();
        let off = put(Some(&on), &byok(false)).unwrap().unwrap();
        assert_eq!(off, byok(false));
        assert_eq!(put(Some(&off), &byok(true)).unwrap().unwrap(), on);
        assert_eq!(put(Some(&on), &byok(true)).unwrap().unwrap(), on);
    }

    #[test]
    fn mechanism_algorithm_and_key_are_fixed_also_while_disabled() {
        for stored in [byok(true), byok(false)] {
            refused_as_immutable(&stored, &json!({"enable": true, "encrypt_type": "default"}));
            for (pointer, value) in [
                ("/encrypt_type", "m4"),
                ("/user_cmk_info/cmk_key_id", "key-2"),
                ("/user_cmk_info/arn", "acs:ram::1234567890123456:role/BYOK"),
                ("/user_cmk_info/region_id", "cn-beijing"),
            ] {
                let mut conf = byok(true);
                *conf.pointer_mut(pointer).unwrap() = value.into();
                refused_as_immutable(&stored, &conf);
            }
        }
        refused_as_immutable(&json!({"enable": false, "encrypt_type": "default"}), &byok(false));
        refused_as_immutable(
            &json!({"enable": true, "encrypt_type": "m4"}),
            &json!({"enable": true, "encrypt_type": "sm4"}),
        );
    }

    #[test]
    fn an_update_of_a_configured_logstore_must_be_complete() {
        let error = put(Some(&byok(true)), &json!({"enable": false})).unwrap_err();
        assert_eq!(error.code, "LogStoreInfoInvalid");
        for rules in [Rules::Default, Rules::Strict] {
            assert_eq!(omitted(Some(&byok(true)), rules).unwrap_err().code, "ParameterInvalid");
            assert_eq!(omitted(None, rules), Ok(None));
        }
        assert_eq!(omitted(Some(&byok(true)), Rules::Lenient), Ok(Some(byok(true))));
    }

    #[test]
    fn strict_rules_refuse_unknown_members() {
        let mut conf = byok(true);
        conf["user_cmk_info"]["region"] = "cn-hangzhou".into();
        read(&conf, Rules::Default).unwrap();
        let violation = read(&conf, Rules::Strict).unwrap_err();
        assert_eq!(violation.message, "redundant key exist in json");
    }

    #[test]
    fn the_dedicated_operation_has_its_own_words_and_sets_the_same_state() {
        let conf = json!({"enable": true, "encryptType": "default",
            "userCmkInfo": {"keyId": "key-1", "roleArn": ARN, "regionId": "cn-hangzhou"}});
        let conf = ENCRYPTION_API.parse(conf.as_object().unwrap(), Rules::Strict).unwrap();
        assert_eq!(switched(None, conf, &ENCRYPTION_API), Ok(Some(byok(true))));
    }

    #[test]
    fn the_dedicated_operation_may_change_enable_alone() {
        let off = EncryptConf { enable: false, encrypt_type: None, user_cmk_info: None };
        assert_eq!(switched(Some(&byok(true)), off.clone(), &ENCRYPTION_API), Ok(Some(byok(false))));
        let other = EncryptConf { encrypt_type: Some("m4".to_owned()), ..off };
        assert_eq!(switched(Some(&byok(true)), other, &ENCRYPTION_API).unwrap_err().code, "ParameterInvalid");
    }
}
