//! The cloud's own policies, as far as something here is decided by them
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/system-policy-reference>).

use std::collections::BTreeMap;

use serde_json::json;

use super::policy::{Policy, PolicyKey, PolicyKind};
use crate::policy::{Grammar, PolicyText};
use crate::stored::Keyed as _;

/// 2018-03-09T00:00:00Z, when `AliyunKMSReadOnlyAccess` was made; all have this date here.
const CREATED: i64 = 1_520_553_600;

/// Name, description and actions of each; all are about every resource.
const POLICIES: [(&str, &str, &[&str]); 11] = [
    ("AdministratorAccess", "Provides full access to Alibaba Cloud services and resources.", &["*"]),
    (
        "AliyunKMSReadOnlyAccess",
        "Provides read-only access to Key Management Service via Management Console.",
        &[
            "kms:List*",
            "kms:Describe*",
            "kms:GetPublicKey",
            "kms:GetUploadBackupDataInfo",
            "kms:GetKmsInstanceSharedAccounts",
            "kms:GetKmsInstanceQuotaInfos",
            "kms:GetCheckAssociateResourceTaskResults",
            "kms:GetKeyPolicy",
            "kms:GetKeyDefaultPolicy",
            "kms:GetSecretPolicy",
            "kms:GetSecretDefaultPolicy",
            "kms:GetKmsInstance",
            "kms:GetDefaultKmsInstance",
        ],
    ),
    (
        "AliyunKMSCryptoUserAccess",
        "Provides access to the cryptographic operations of Key Management Service.",
        &[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:AsymmetricDecrypt",
            "kms:AsymmetricEncrypt",
            "kms:AsymmetricSign",
            "kms:AsymmetricVerify",
            "kms:GetPublicKey",
            "kms:GenerateMac",
            "kms:VerifyMac",
        ],
    ),
    ("AliyunKMSFullAccess", "Provides full access to Key Management Service.", &["kms:*"]),
    ("AliyunLogFullAccess", "Provides full access to Log Service.", &["log:*"]),
    ("AliyunLogReadOnlyAccess", "Provides read-only access to Log Service.", &["log:Get*", "log:List*"]),
    ("AliyunRAMFullAccess", "Provides full access to Resource Access Management.", &["ram:*"]),
    (
        "AliyunRAMReadOnlyAccess",
        "Provides read-only access to Resource Access Management.",
        &["ram:Get*", "ram:List*"],
    ),
    ("AliyunSTSAssumeRoleAccess", "Provides access to the AssumeRole operation of STS.", &["sts:AssumeRole"]),
    ("AliyunOSSFullAccess", "Provides full access to Object Storage Service.", &["oss:*"]),
    (
        "AliyunOSSReadOnlyAccess",
        "Provides read-only access to Object Storage Service.",
        &["oss:Get*", "oss:List*"],
    ),
];

/// The cloud's policies. A document that could not be read would be missing, which a test rules out.
pub fn system_policies() -> BTreeMap<PolicyKey, Policy> {
    let policies = POLICIES.into_iter().filter_map(|(name, description, actions)| {
        let statement = json!({"Action": actions, "Resource": "*", "Effect": "Allow"});
        let text = json!({"Version": "1", "Statement": [statement]}).to_string();
        let document = PolicyText::parse(&text, Grammar::Permission).ok()?;
        let mut policy = Policy::new(PolicyKind::System, name, document, CREATED);
        description.clone_into(&mut policy.description);
        Some((policy.key(), policy))
    });
    policies.collect()
}

/// Policies by key as the list of those of the account, by `#[serde(with)]`: the cloud's are what this version
/// has.
pub mod custom_policies {
    use std::collections::BTreeMap;

    use serde::{Deserializer, Serializer};

    use super::{Policy, PolicyKey, PolicyKind, system_policies};
    use crate::stored::by_key;

    /// Writes the account's policies.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        policies: &BTreeMap<PolicyKey, Policy>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(policies.values().filter(|policy| policy.kind == PolicyKind::Custom))
    }

    /// Reads the account's policies, and adds the cloud's.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, and that two policies have the same name.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<PolicyKey, Policy>, D::Error> {
        let mut policies: BTreeMap<PolicyKey, Policy> = by_key::deserialize(deserializer)?;
        policies.extend(system_policies());
        Ok(policies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_can_be_read() {
        assert_eq!(system_policies().len(), POLICIES.len());
        let key = PolicyKey::new(PolicyKind::System, "aliyunkmscryptouseraccess");
        assert_eq!(system_policies()[&key].name, "AliyunKMSCryptoUserAccess");
    }
}
