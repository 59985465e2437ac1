//! The values that the first encryption configuration of a Logstore fixes for good.

use std::fmt;

use super::super::{EncryptConf, LogStore};
use crate::{error::Error, ram::RoleArn};

/// The values of `encrypt_type` that any source names.
///
/// Sources: the oldest pages of the SLS documentation name `default` and `m4`, the newest tables `sm4`, and the
/// description of `UpdateLogStoreEncryption` the others. `default` is AES; its mode is not documented.
pub const ENCRYPT_TYPES: [&str; 11] = [
    "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb",
    "aes_gcm",
];

/// Whose key encrypts the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// A key of the Simple Log Service.
    ServiceKey,
    /// The user's own KMS key ("bring your own key").
    Byok,
}

impl Mechanism {
    /// `service_key` or `byok`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mechanism::ServiceKey => "service_key",
            Mechanism::Byok => "byok",
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl EncryptConf {
    /// Whose key encrypts the data: the user's if there is a `user_cmk_info`, otherwise that of the service.
    pub fn mechanism(&self) -> Mechanism {
        if self.user_cmk_info.is_some() { Mechanism::Byok } else { Mechanism::ServiceKey }
    }
}

/// The permanent values of a configuration. `None` is a value that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermanentValues<'a> {
    /// Whose key encrypts the data.
    pub mechanism: Option<Mechanism>,
    /// The algorithm.
    pub encrypt_type: Option<&'a str>,
    /// The KMS key. This value and the next two are `None` for [`Mechanism::ServiceKey`].
    pub cmk_key_id: Option<&'a str>,
    /// The RAM role that SLS assumes to use the key.
    pub arn: Option<&'a str>,
    /// The region of the key.
    pub region_id: Option<&'a str>,
}

impl<'a> From<&'a EncryptConf> for PermanentValues<'a> {
    fn from(conf: &'a EncryptConf) -> Self {
        let cmk = conf.user_cmk_info.as_ref();
        PermanentValues {
            mechanism: Some(conf.mechanism()),
            // SLS may leave out the algorithm of a configuration that is disabled (a guess: see `EncryptConf`).
            encrypt_type: Some(conf.encrypt_type.as_str()).filter(|name| !name.is_empty()),
            cmk_key_id: cmk.map(|cmk| cmk.cmk_key_id.as_str()),
            arn: cmk.map(|cmk| cmk.arn.as_str()),
            region_id: cmk.map(|cmk| cmk.region_id.as_str()),
        }
    }
}

/// One of the five permanent values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermanentField {
    /// Whose key encrypts the data.
    Mechanism,
    /// The algorithm.
    EncryptType,
    /// The KMS key.
    CmkKeyId,
    /// The RAM role.
    Arn,
    /// The region of the key.
    RegionId,
}

/// A permanent value that differs from the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which value differs.
    pub field: PermanentField,
    /// The value that SLS has stored.
    pub stored: String,
    /// The desired value.
    pub desired: String,
}

/// Compares the permanent values that are known on both sides, in the order of [`PermanentField`].
///
/// If the mechanisms differ, the members of `user_cmk_info` are not compared, because one side does not have them.
pub fn conflicts(stored: &PermanentValues<'_>, desired: &PermanentValues<'_>) -> Vec<Conflict> {
    let mut found = Vec::new();
    let mut compare = |field, stored: Option<&str>, desired: Option<&str>, same: fn(&str, &str) -> bool| {
        if let (Some(stored), Some(desired)) = (stored, desired)
            && !same(stored, desired)
        {
            found.push(Conflict { field, stored: stored.to_owned(), desired: desired.to_owned() });
        }
    };
    let is_equal: fn(&str, &str) -> bool = |a, b| a == b;
    let name = |mechanism: Option<Mechanism>| mechanism.map(Mechanism::as_str);
    compare(PermanentField::Mechanism, name(stored.mechanism), name(desired.mechanism), is_equal);
    compare(PermanentField::EncryptType, stored.encrypt_type, desired.encrypt_type, same_encrypt_type);
    compare(PermanentField::CmkKeyId, stored.cmk_key_id, desired.cmk_key_id, is_equal);
    compare(PermanentField::Arn, stored.arn, desired.arn, same_role_arn);
    compare(PermanentField::RegionId, stored.region_id, desired.region_id, is_equal);
    found
}

/// True if the Logstore has this configuration. Different spellings of one value are equal.
pub(super) fn is_in_effect(log_store: &LogStore, conf: &EncryptConf) -> Result<bool, Error> {
    let stored = log_store.encrypt_conf()?;
    Ok(stored.is_some_and(|stored| {
        stored.enable == conf.enable && conflicts(&(&stored).into(), &conf.into()).is_empty()
    }))
}

/// True if two spellings name the same algorithm: sources disagree on `m4` and `sm4`.
pub fn same_encrypt_type(a: &str, b: &str) -> bool {
    let canonical = |name| if name == "m4" { "sm4" } else { name };
    canonical(a) == canonical(b)
}

/// True if two ARNs name the same role. Texts that are not ARNs of roles are compared letter by letter.
pub fn same_role_arn(a: &str, b: &str) -> bool {
    match (RoleArn::parse(a), RoleArn::parse(b)) {
        (Ok(a), Ok(b)) => a.is_same(&b),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sls::UserCmkInfo;

    fn byok(encrypt_type: &str, cmk_key_id: &str, arn: &str, region_id: &str) -> EncryptConf {
        EncryptConf {
            enable: true,
            encrypt_type: encrypt_type.into(),
            user_cmk_info: Some(UserCmkInfo {
                cmk_key_id: cmk_key_id.into(),
                arn: arn.into(),
                region_id: region_id.into(),
            }),
        }
    }

    const ARN: &str = "acs:ram::1234567890123456:role/Sls-Byok";

    #[track_caller]
    fn differing_fields(stored: &EncryptConf, desired: &EncryptConf) -> Vec<PermanentField> {
        conflicts(&stored.into(), &desired.into()).into_iter().map(|conflict| conflict.field).collect()
    }

    #[test]
    fn each_permanent_value_conflicts_by_itself() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(differing_fields(&stored, &stored), []);
        assert_eq!(
            differing_fields(&stored, &byok("aes_gcm", "k1", ARN, "cn-hangzhou")),
            [PermanentField::EncryptType]
        );
        assert_eq!(
            differing_fields(&stored, &byok("default", "k2", ARN, "cn-hangzhou")),
            [PermanentField::CmkKeyId]
        );
        assert_eq!(
            differing_fields(&stored, &byok("default", "k1", "acs:ram::1:role/x", "cn-hangzhou")),
            [PermanentField::Arn]
        );
        assert_eq!(
            differing_fields(&stored, &byok("default", "k1", ARN, "cn-beijing")),
            [PermanentField::RegionId]
        );
        let service = EncryptConf { user_cmk_info: None, ..stored.clone() };
        assert_eq!(differing_fields(&stored, &service), [PermanentField::Mechanism]);
        assert_eq!(differing_fields(&service, &stored), [PermanentField::Mechanism]);
    }

    #[test]
    fn enable_is_not_permanent() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(differing_fields(&stored, &EncryptConf { enable: false, ..stored.clone() }), []);
    }

    #[test]
    fn spellings_of_one_value_do_not_conflict() {
        let stored = byok("m4", "k1", ARN, "cn-hangzhou");
        assert_eq!(differing_fields(&stored, &byok("sm4", "k1", &ARN.to_lowercase(), "cn-hangzhou")), []);
        assert!(!same_encrypt_type("sm4", "sm4_gcm"));
    }

    #[test]
    fn letter_case_counts_everywhere_in_an_arn_but_in_the_role_name() {
        assert!(same_role_arn("acs:ram::1:role/A", "acs:ram::1:role/a"));
        assert!(!same_role_arn("acs:ram::1:role/a", "acs:ram::2:role/a"));
        assert!(!same_role_arn("ACS:ram::1:role/a", "acs:ram::1:role/a"));
        assert!(!same_role_arn("x", "X"));
    }

    #[test]
    fn an_unknown_value_does_not_conflict() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(conflicts(&(&stored).into(), &PermanentValues::default()), []);
    }
}
