//! Keys, their aliases and versions, and what is encrypted with them.

use super::Expected::{Read, Refused};
use super::Form::Body;
use super::{DOCUMENT, DONE, Flow, NONE, SET, Step, step};

const KEY: (&str, &str) = ("KeyId", "{key}");
const RESOURCE: [(&str, &str); 2] = [("ResourceType", "key"), ("ResourceId.1", "{key}")];

pub(super) fn key() -> Flow {
    const TAGS: &str = r#"[{"TagKey":"Created","TagValue":"TF"}]"#;
    Flow {
        of: "alicloud_kms_key",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[
                    ("Description", "d"),
                    ("KeyUsage", "ENCRYPT/DECRYPT"),
                    ("Origin", "Aliyun_KMS"),
                    ("ProtectionLevel", "SOFTWARE"),
                    ("RotationInterval", "605800s"),
                    ("KeySpec", "Aliyun_AES_256"),
                    ("EnableAutomaticRotation", "true"),
                    ("Tags", TAGS),
                ],
                Read(&[("/KeyMetadata/KeyId", "=key")]),
            ),
            step(
                Body,
                "DescribeKey",
                &[KEY],
                Read(&[
                    ("/KeyMetadata/AutomaticRotation", "Enabled"),
                    ("/KeyMetadata/RotationInterval", "605800s"),
                    ("/KeyMetadata/NextRotationDate", SET),
                ]),
            ),
            step(Body, "UpdateRotationPolicy", &[KEY, ("EnableAutomaticRotation", "false")], DONE),
            step(Body, "UpdateKeyDescription", &[KEY, ("Description", "changed")], DONE),
            step(Body, "SetDeletionProtection", &[KEY, ("EnableDeletionProtection", "true")], DONE),
            step(
                Body,
                "SetDeletionProtection",
                &[
                    KEY,
                    ("EnableDeletionProtection", "true"),
                    ("DeletionProtectionDescription", "of the tests"),
                ],
                DONE,
            ),
            step(Body, "DisableKey", &[KEY], DONE),
            step(Body, "DescribeKey", &[KEY], Read(&[("/KeyMetadata/KeyState", "Disabled")])),
            step(Body, "EnableKey", &[KEY], DONE),
            step(
                Body,
                "TagResources",
                &[RESOURCE[0], RESOURCE[1], ("Tag.1.Key", "For"), ("Tag.1.Value", "Test")],
                DONE,
            ),
            step(Body, "UntagResources", &[RESOURCE[0], RESOURCE[1], ("TagKey.1", "Created")], DONE),
        ],
        read: key_read(),
        destroy: vec![
            step(Body, "SetDeletionProtection", &[KEY, ("EnableDeletionProtection", "false")], DONE),
            step(Body, "ScheduleKeyDeletion", &[KEY, ("PendingWindowInDays", "7")], DONE),
            // The provider takes a key that is pending for gone.
            step(
                Body,
                "DescribeKey",
                &[KEY],
                Read(&[("/KeyMetadata/KeyState", "PendingDeletion"), ("/KeyMetadata/DeleteDate", SET)]),
            ),
            step(Body, "DescribeKey", &[("KeyId", "none")], Refused(404, "Forbidden.KeyNotFound")),
            step(Body, "DescribeKey", &[("KeyId", "alias/none")], Refused(404, "Forbidden.AliasNotFound")),
        ],
    }
}

fn key_read() -> Vec<Step> {
    vec![
        step(
            Body,
            "DescribeKey",
            &[KEY],
            Read(&[
                ("/KeyMetadata/AutomaticRotation", "Disabled"),
                ("/KeyMetadata/RotationInterval", NONE),
                ("/KeyMetadata/DeletionProtection", "Enabled"),
                ("/KeyMetadata/DeletionProtectionDescription", "of the tests"),
                ("/KeyMetadata/Description", "changed"),
                ("/KeyMetadata/KeySpec", "Aliyun_AES_256"),
                ("/KeyMetadata/KeyUsage", "ENCRYPT/DECRYPT"),
                ("/KeyMetadata/Origin", "Aliyun_KMS"),
                ("/KeyMetadata/ProtectionLevel", "SOFTWARE"),
                ("/KeyMetadata/KeyState", "Enabled"),
                ("/KeyMetadata/Arn", SET),
                ("/KeyMetadata/PrimaryKeyVersion", SET),
                ("/KeyMetadata/LastRotationDate", SET),
                ("/KeyMetadata/Creator", "1234567890123456"),
                ("/KeyMetadata/CreationDate", SET),
                ("/KeyMetadata/DKMSInstanceId", NONE),
            ]),
        ),
        step(
            Body,
            "ListTagResources",
            &RESOURCE,
            Read(&[
                ("/TagResources/TagResource/0/TagKey", "For"),
                ("/TagResources/TagResource/0/TagValue", "Test"),
                ("/TagResources/TagResource/1", NONE),
                ("/NextToken", ""),
            ]),
        ),
    ]
}

pub(super) fn key_in_an_instance() -> Flow {
    const KEY: (&str, &str) = ("KeyId", "{key-in-instance}");
    Flow {
        of: "alicloud_kms_key with dkms_instance_id",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[("ProtectionLevel", "SOFTWARE"), ("DKMSInstanceId", "kst-hzz1")],
                Read(&[("/KeyMetadata/KeyId", "=key-in-instance")]),
            ),
            step(Body, "GetKeyPolicy", &[KEY], Read(&[("/Policy", SET)])),
            step(Body, "SetKeyPolicy", &[KEY, ("Policy", DOCUMENT)], DONE),
        ],
        read: vec![
            step(Body, "DescribeKey", &[KEY], Read(&[("/KeyMetadata/DKMSInstanceId", "kst-hzz1")])),
            step(Body, "GetKeyPolicy", &[KEY], Read(&[("/Policy", DOCUMENT)])),
        ],
        destroy: vec![step(Body, "ScheduleKeyDeletion", &[KEY, ("PendingWindowInDays", "366")], DONE)],
    }
}

pub(super) fn alias() -> Flow {
    const ALIAS: (&str, &str) = ("AliasName", "alias/tf_testaccKmsAlias_1");
    const PAGE: [(&str, &str); 2] = [("PageSize", "50"), ("PageNumber", "1")];
    Flow {
        of: "alicloud_kms_alias, data.alicloud_kms_aliases",
        make: vec![
            step(Body, "CreateAlias", &[ALIAS, ("KeyId", "{key}")], DONE),
            step(Body, "UpdateAlias", &[ALIAS, ("KeyId", "{key-in-instance}")], DONE),
        ],
        read: vec![step(
            Body,
            "ListAliases",
            &PAGE,
            Read(&[
                ("/Aliases/Alias/0/AliasName", "alias/tf_testaccKmsAlias_1"),
                ("/Aliases/Alias/0/KeyId", "{key-in-instance}"),
                ("/Aliases/Alias/1", NONE),
            ]),
        )],
        destroy: vec![
            step(Body, "DeleteAlias", &[ALIAS], DONE),
            step(Body, "ListAliases", &PAGE, Read(&[("/Aliases/Alias/0", NONE)])),
        ],
    }
}

/// The plaintext is not base64, and comes back as it was sent.
pub(super) fn ciphertext() -> Flow {
    const CONTEXT: (&str, &str) = ("EncryptionContext", r#"{"name":"value"}"#);
    const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");
    let encrypt = |context, expected| Step {
        parameters: if context {
            &[("Plaintext", "plaintext"), ("KeyId", "{key}"), REGION, CONTEXT]
        } else {
            &[("Plaintext", "plaintext"), ("KeyId", "{key}"), REGION, ("EncryptionContext", "{}")]
        },
        ..step(Body, "Encrypt", &[], expected)
    };
    Flow {
        of: "alicloud_kms_ciphertext, data.alicloud_kms_ciphertext, data.alicloud_kms_plaintext",
        make: vec![
            encrypt(false, Read(&[("/CiphertextBlob", "=blob")])),
            encrypt(true, Read(&[("/CiphertextBlob", "=blob-with-context")])),
        ],
        read: vec![
            step(
                Body,
                "Decrypt",
                &[("CiphertextBlob", "{blob}"), REGION, ("EncryptionContext", "{}")],
                Read(&[("/Plaintext", "plaintext"), ("/KeyId", "{key}")]),
            ),
            step(
                Body,
                "Decrypt",
                &[("CiphertextBlob", "{blob-with-context}"), REGION, CONTEXT],
                Read(&[("/Plaintext", "plaintext"), ("/KeyId", "{key}")]),
            ),
        ],
        destroy: vec![],
    }
}

pub(super) fn key_version() -> Flow {
    Flow {
        of: "alicloud_kms_key_version, data.alicloud_kms_key_versions",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[("KeySpec", "RSA_2048"), ("KeyUsage", "SIGN/VERIFY"), ("ProtectionLevel", "SOFTWARE")],
                Read(&[("/KeyMetadata/KeyId", "=pair")]),
            ),
            // Seven days too early: the test has an older key. `kms::tests` has the rest.
            step(Body, "CreateKeyVersion", &[("KeyId", "{pair}")], Refused(409, "Rejected.LimitExceeded")),
        ],
        read: vec![
            step(
                Body,
                "ListKeyVersions",
                &[("KeyId", "{pair}"), ("PageSize", "50"), ("PageNumber", "1")],
                Read(&[
                    ("/KeyVersions/KeyVersion/0/KeyVersionId", "=pair-version"),
                    ("/KeyVersions/KeyVersion/0/KeyId", "{pair}"),
                    ("/KeyVersions/KeyVersion/0/CreationDate", SET),
                ]),
            ),
            step(
                Body,
                "DescribeKeyVersion",
                &[("KeyId", "{pair}"), ("KeyVersionId", "{pair-version}")],
                Read(&[("/KeyVersion/KeyVersionId", "{pair-version}")]),
            ),
        ],
        destroy: vec![step(
            Body,
            "ScheduleKeyDeletion",
            &[("KeyId", "{pair}"), ("PendingWindowInDays", "7")],
            DONE,
        )],
    }
}
