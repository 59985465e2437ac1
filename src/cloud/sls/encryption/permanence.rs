//! What the first configuration of a Logstore's encryption fixes for good.

use std::fmt;

use super::super::{EncryptConf, LogStore};
use crate::{error::Error, ram::RoleArn};

/// The values `encrypt_type` can take: the union of what the sources name.
///
/// `default` and `m4` are in the oldest pages, `sm4` in the newest tables, the rest in the description
/// of `UpdateLogStoreEncryption`. `default` is AES; which mode is not documented.
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
    pub fn as_str(self) -> &'static str {
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
    /// Whose key encrypts the data: BYOK exactly when there is a `user_cmk_info`.
    pub fn mechanism(&self) -> Mechanism {
        if self.user_cmk_info.is_some() { Mechanism::Byok } else { Mechanism::ServiceKey }
    }
}

/// The permanent part of a configuration, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known<'a> {
    /// Whose key.
    pub mechanism: Option<Mechanism>,
    /// The algorithm.
    pub encrypt_type: Option<&'a str>,
    /// The KMS key; only meaningful for BYOK, like the next two.
    pub cmk_key_id: Option<&'a str>,
    /// The RAM role that the service assumes to use the key.
    pub arn: Option<&'a str>,
    /// The region of the key.
    pub region_id: Option<&'a str>,
}

impl<'a> From<&'a EncryptConf> for Known<'a> {
    fn from(conf: &'a EncryptConf) -> Self {
        let cmk = conf.user_cmk_info.as_ref();
        Known {
            mechanism: Some(conf.mechanism()),
            // A configuration that is off may come without its algorithm.
            encrypt_type: Some(conf.encrypt_type.as_str()).filter(|name| !name.is_empty()),
            cmk_key_id: cmk.map(|cmk| cmk.cmk_key_id.as_str()),
            arn: cmk.map(|cmk| cmk.arn.as_str()),
            region_id: cmk.map(|cmk| cmk.region_id.as_str()),
        }
    }
}

/// One of the five values that are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whose key.
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

/// A permanent value that is wanted otherwise than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which value.
    pub part: Part,
    /// As it is, for good.
    pub stored: String,
    /// As it is wanted.
    pub wanted: String,
}

/// Compares the permanent values that are known on both sides, in the order of [`Part`].
///
/// When the mechanisms differ, the members of `user_cmk_info` are not compared: one side has none.
pub fn conflicts(stored: &Known<'_>, wanted: &Known<'_>) -> Vec<Conflict> {
    let mut found = Vec::new();
    let mut compare = |part, stored: Option<&str>, wanted: Option<&str>, same: fn(&str, &str) -> bool| {
        if let (Some(stored), Some(wanted)) = (stored, wanted)
            && !same(stored, wanted)
        {
            found.push(Conflict { part, stored: stored.to_owned(), wanted: wanted.to_owned() });
        }
    };
    let exactly: fn(&str, &str) -> bool = |a, b| a == b;
    let name = |mechanism: Option<Mechanism>| mechanism.map(Mechanism::as_str);
    compare(Part::Mechanism, name(stored.mechanism), name(wanted.mechanism), exactly);
    compare(Part::EncryptType, stored.encrypt_type, wanted.encrypt_type, same_encrypt_type);
    compare(Part::CmkKeyId, stored.cmk_key_id, wanted.cmk_key_id, exactly);
    compare(Part::Arn, stored.arn, wanted.arn, same_role_arn);
    compare(Part::RegionId, stored.region_id, wanted.region_id, exactly);
    found
}

/// True if the Logstore has that configuration, in whatever spelling.
pub(super) fn in_effect(log_store: &LogStore, conf: &EncryptConf) -> Result<bool, Error> {
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

/// True if two ARNs name the same role; what is not the ARN of a role is compared letter by letter.
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
    fn parts(stored: &EncryptConf, wanted: &EncryptConf) -> Vec<Part> {
        conflicts(&stored.into(), &wanted.into()).into_iter().map(|conflict| conflict.part).collect()
    }

    #[test]
    fn each_permanent_value_conflicts_by_itself() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(parts(&stored, &stored), []);
        assert_eq!(parts(&stored, &byok("aes_gcm", "k1", ARN, "cn-hangzhou")), [Part::EncryptType]);
        assert_eq!(parts(&stored, &byok("default", "k2", ARN, "cn-hangzhou")), [Part::CmkKeyId]);
        assert_eq!(parts(&stored, &byok("default", "k1", "acs:ram::1:role/x", "cn-hangzhou")), [Part::Arn]);
        assert_eq!(parts(&stored, &byok("default", "k1", ARN, "cn-beijing")), [Part::RegionId]);
        let service = EncryptConf { user_cmk_info: None, ..stored.clone() };
        assert_eq!(parts(&stored, &service), [Part::Mechanism]);
        assert_eq!(parts(&service, &stored), [Part::Mechanism]);
    }

    #[test]
    fn enable_is_not_permanent() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(parts(&stored, &EncryptConf { enable: false, ..stored.clone() }), []);
    }

    #[test]
    fn spellings_of_one_thing_do_not_conflict() {
        let stored = byok("m4", "k1", ARN, "cn-hangzhou");
        assert_eq!(parts(&stored, &byok("sm4", "k1", &ARN.to_lowercase(), "cn-hangzhou")), []);
        assert!(!same_encrypt_type("sm4", "sm4_gcm"));
    }

    #[test]
    fn only_the_role_name_is_compared_regardless_of_case() {
        assert!(same_role_arn("acs:ram::1:role/A", "acs:ram::1:role/a"));
        assert!(!same_role_arn("acs:ram::1:role/a", "acs:ram::2:role/a"));
        assert!(!same_role_arn("ACS:ram::1:role/a", "acs:ram::1:role/a"));
        assert!(!same_role_arn("x", "X"));
    }

    #[test]
    fn what_is_not_known_never_conflicts() {
        let stored = byok("default", "k1", ARN, "cn-hangzhou");
        assert_eq!(conflicts(&(&stored).into(), &Known::default()), []);
    }
}
