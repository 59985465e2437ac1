//! What a refresh says of the key and the role of a Logstore that is configured.

use super::*;

#[test]
fn a_refresh_warns_of_a_key_that_cannot_be_used() {
    for (key, says) in [
        ("disabled", "aliyun kms EnableKey --RegionId cn-hangzhou --KeyId disabled"),
        ("doomed", "aliyun kms CancelKeyDeletion --RegionId cn-hangzhou --KeyId doomed"),
        ("gone", "does not exist in cn-hangzhou"),
    ] {
        let conf = json!({"enable": true, "encrypt_type": "default", "user_cmk_info":
            {"cmk_key_id": key, "arn": "acs:ram::1234567890123456:role/sls-byok", "region_id": "cn-hangzhou"}});
        let log_store = |number: usize| json!({"logstoreName": name(2, number), "encrypt_conf": conf});
        let scene = with_log_stores(&[log_store(0), log_store(1)]);
        scene.write("main.tf", &many(2, key, "sls-byok"));
        scene.provider("  preflight = \"off\"");
        scene.apply();
        scene.plan().expect_empty();
        scene.provider("");
        scene.forget_calls();
        let plan = scene.plan().expect_empty();
        let warnings = plan.ran.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:#?}");
        for warning in warnings {
            warning.says(&[key, says, "can be neither read nor written"]);
            warning.at("main.tf", 4);
        }
        assert_eq!(counts(&scene)["DescribeKey"], 1);
    }
}

#[test]
fn a_refresh_warns_of_a_role_that_cannot_be_used_with_the_same_number_of_calls_for_many() {
    let detach = ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"];
    for (breaking, says) in
        [("gone", "does not exist"), ("untrusting", "assume it"), ("stripped", "kms:GenerateDataKey")]
    {
        let mut calls = Vec::new();
        for count in [2, 20] {
            let scene = scene_of(count);
            scene.write("main.tf", &many(count, "key-1", "sls-byok"));
            scene.apply();
            if breaking == "untrusting" {
                scene.ram(
                    "UpdateRole",
                    &[("RoleName", "sls-byok"), ("NewAssumeRolePolicyDocument", UNTRUSTING)],
                );
            } else {
                for policy in detach {
                    scene.ram(
                        "DetachPolicyFromRole",
                        &[("PolicyName", policy), ("PolicyType", "System"), ("RoleName", "sls-byok")],
                    );
                }
            }
            if breaking == "gone" {
                scene.ram("DeleteRole", &[("RoleName", "sls-byok")]);
            }
            scene.forget_calls();
            let ran = scene.plan().expect_empty().ran;
            let warnings = ran.warnings();
            assert_eq!(warnings.len(), count, "{warnings:#?}");
            for warning in warnings {
                warning.says(&["Logstore audit:app-", "can be neither read nor written", says]);
                assert_eq!(warning.summary, ran.warnings()[0].summary);
            }
            calls.push(scene.actions().len() - count);
        }
        assert_eq!(calls[0], calls[1], "{breaking}");
    }
}

/// The text claims nothing that is wrong: without encryption, writing needs no key.
#[test]
fn a_refresh_of_a_logstore_that_does_not_encrypt_says_so() {
    let scene = scene();
    let conf = json!({"enable": false, "encrypt_type": "default", "user_cmk_info":
        {"cmk_key_id": "disabled", "arn": "acs:ram::1234567890123456:role/sls-byok", "region_id": "cn-hangzhou"}});
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": conf}));
    scene.write("main.tf", &main("disabled", "sls-byok", "  enable = false"));
    scene.apply();
    let warning = scene.plan().expect_empty().ran.warning();
    warning.says(&["encryption is switched off", "cannot be read", "EnableKey"]);
    assert!(!warning.text().contains("written until"), "{}", warning.text());
}
