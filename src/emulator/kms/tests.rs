//! The rules of the service, action by action.

use serde_json::{Value, json};

use super::{Keys, SERVICE};
use crate::rpc::testing::ServiceHarness;

const DAY: i64 = 86_400;

fn bench() -> ServiceHarness<Keys> {
    ServiceHarness::new(SERVICE, Keys::default())
}

/// Makes a key; its id.
fn key(bench: &mut ServiceHarness<Keys>, parameters: &[(&str, &str)]) -> String {
    bench.done("CreateKey", parameters)["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn metadata(bench: &mut ServiceHarness<Keys>, id: &str) -> Value {
    bench.done("DescribeKey", &[("KeyId", id)])["KeyMetadata"].clone()
}

fn encrypted(bench: &mut ServiceHarness<Keys>, id: &str, context: &str) -> String {
    let parameters = [("KeyId", id), ("Plaintext", "aGVsbG8="), ("EncryptionContext", context)];
    bench.done("Encrypt", &parameters)["CiphertextBlob"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_key_is_enabled_symmetric_and_in_the_region() {
    let mut bench = bench();
    let id = key(&mut bench, &[("Description", "d"), ("RegionId", "cn-beijing")]);
    let got = metadata(&mut bench, &id);
    for (name, value) in [
        ("Arn", format!("acs:kms:cn-beijing:1234567890123456:key/{id}").as_str()),
        ("KeyState", "Enabled"),
        ("KeySpec", "Aliyun_AES_256"),
        ("KeyUsage", "ENCRYPT/DECRYPT"),
        ("Origin", "Aliyun_KMS"),
        ("ProtectionLevel", "SOFTWARE"),
        ("Creator", "1234567890123456"),
        ("CreationDate", "2026-11-20T08:00:00Z"),
        ("Description", "d"),
        ("DeleteDate", ""),
        ("MaterialExpireTime", ""),
        ("AutomaticRotation", "Disabled"),
        ("DeletionProtection", "Disabled"),
    ] {
        assert_eq!(got[name], value, "{name}");
    }
    let elsewhere = [("KeyId", id.as_str()), ("RegionId", "cn-hangzhou")];
    bench.refused("DescribeKey", &elsewhere, 404, "Forbidden.KeyNotFound");
    let arn = got["Arn"].as_str().unwrap();
    assert_eq!(metadata(&mut bench, arn)["KeyId"], id.as_str());
}

#[test]
fn a_protected_key_is_not_deleted() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let arn = metadata(&mut bench, &id)["Arn"].as_str().unwrap().to_owned();
    let protection = |bench: &mut ServiceHarness<Keys>| {
        let metadata = metadata(bench, &id);
        json!([metadata["DeletionProtection"], metadata["DeletionProtectionDescription"]])
    };
    let (deletion, set) = ([("KeyId", id.as_str()), ("PendingWindowInDays", "7")], "SetDeletionProtection");
    for name in [("KeyId", id.as_str()), ("ProtectedResourceArn", &arn)] {
        let on = ("EnableDeletionProtection", "true");
        bench.done(set, &[name, on, ("DeletionProtectionDescription", "d")]);
        assert_eq!(protection(&mut bench), json!(["Enabled", "d"]));
        bench.refused("ScheduleKeyDeletion", &deletion, 409, "Rejected.DeletionProtection");
        bench.done(set, &[name, on]);
        assert_eq!(protection(&mut bench), json!(["Enabled", ""]));
        bench.done(set, &[name, ("EnableDeletionProtection", "false")]);
        assert_eq!(protection(&mut bench), json!(["Disabled", ""]));
    }
    bench.refused(set, &[("KeyId", &id)], 400, "MissingParameter");
    bench.refused(set, &[("EnableDeletionProtection", "true")], 400, "MissingParameter");
    let none = [("KeyId", "none"), ("EnableDeletionProtection", "true")];
    bench.refused(set, &none, 404, "Forbidden.KeyNotFound");
    bench.done("ScheduleKeyDeletion", &deletion);
}

#[test]
fn keys_have_tags() {
    let mut bench = bench();
    let id = key(&mut bench, &[("Tags", TAGS)]);
    let named = [("ResourceType", "key"), ("ResourceId.1", id.as_str())];
    let tags = |bench: &mut ServiceHarness<Keys>| {
        let listed = bench.done("ListTagResources", &named);
        let listed = listed["TagResources"]["TagResource"].as_array().unwrap().clone();
        assert!(listed.iter().all(|tag| tag["ResourceId"] == id.as_str() && tag["ResourceType"] == "key"));
        let pair = |tag: &Value| (tag["TagKey"].as_str().unwrap().to_owned(), tag["TagValue"].clone());
        listed.iter().map(pair).collect::<Value>()
    };
    assert_eq!(tags(&mut bench), json!({"team": "security"}));
    for (action, change, expected) in [
        (
            "TagResources",
            &[("Tag.1.Key", "team"), ("Tag.1.Value", "x"), ("Tag.2.Key", "empty")][..],
            json!({"team": "x", "empty": ""}),
        ),
        ("UntagResources", &[("TagKey.1", "none"), ("TagKey.2", "team")], json!({"empty": ""})),
        ("UntagResources", &[("All", "true")], json!({})),
    ] {
        bench.done(action, &[&named[..], change].concat());
        assert_eq!(tags(&mut bench), expected);
    }
    bench.refused("TagResources", &named, 400, "MissingParameter");
    let no_key = [named[0], ("ResourceId.1", "none")];
    bench.refused("ListTagResources", &no_key, 404, "Forbidden.KeyNotFound");
    bench.refused("ListTagResources", &[("ResourceType", "key")], 400, "MissingParameter");
    bench.refused("ListTagResources", &[("ResourceType", "secret"), named[1]], 400, "InvalidParameter");
}

#[test]
fn only_its_own_arn_names_a_key() {
    let mut bench = bench();
    let id = key(&mut bench, &[("RegionId", "cn-beijing")]);
    let own = format!("acs:kms:cn-beijing:1234567890123456:key/{id}");
    for action in ["DescribeKey", "DisableKey", "EnableKey", "GenerateDataKey", "ListAliasesByKeyId"] {
        bench.done(action, &[("KeyId", &own)]);
        for (part, other) in [
            ("cn-beijing", "cn-hangzhou"),
            ("cn-beijing", "CN-BEIJING"),
            ("cn-beijing", "*"),
            ("1234567890123456", "9999999999999999"),
            ("1234567890123456", ""),
            ("acs:kms", "acs:log"),
            ("acs:kms:", "kms:"),
            (":key/", ":alias/"),
            (":key/", ":x:key/"),
        ] {
            let arn = own.replace(part, other);
            bench.refused(action, &[("KeyId", &arn)], 404, "Forbidden.KeyNotFound");
        }
    }
}

#[test]
fn members_of_json_as_parameters_of_their_own_are_refused() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let blob = encrypted(&mut bench, &id, "");
    let (id, blob, plaintext) =
        (("KeyId", id.as_str()), ("CiphertextBlob", blob.as_str()), ("Plaintext", "aGVsbG8="));
    for (action, given, member) in [
        ("Encrypt", &[id, plaintext][..], "EncryptionContext.a"),
        ("Decrypt", &[blob], "EncryptionContext.a"),
        ("GenerateDataKey", &[id], "EncryptionContext.a"),
        ("GenerateDataKeyWithoutPlaintext", &[id], "EncryptionContext."),
        ("GenerateDataKey", &[id, ("EncryptionContext", "{}")], "EncryptionContext.a.b"),
        ("CreateKey", &[], "Tags.1.TagKey"),
        ("CreateKey", &[], "Policy.Version"),
        ("ListKeys", &[], "Filters.1.Key"),
        ("GenerateDataKey", &[id], "encryptionContext.a"),
        ("CreateKey", &[], "tags.1.TagKey"),
    ] {
        bench.done(action, given);
        bench.refused(action, &[given, &[(member, "b")]].concat(), 400, "InvalidParameter");
        bench.refused(action, &[given, &[(member, "")]].concat(), 400, "InvalidParameter");
    }
}

#[test]
fn repeated_members_of_json_are_refused() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let id = ("KeyId", id.as_str());
    for (action, given, name, once, twice) in [
        ("GenerateDataKey", &[id][..], "EncryptionContext", r#"{"a":"b"}"#, r#"{"a":"b","a":"c"}"#),
        (
            "CreateKey",
            &[],
            "Tags",
            r#"[{"TagKey":"a","TagValue":"b"}]"#,
            r#"[{"TagKey":"a","TagValue":"b","TagValue":"c"}]"#,
        ),
        ("CreateKey", &[], "Policy", r#"{"Version":"1"}"#, r#"{"Version":"1","Version":"2"}"#),
        (
            "ListKeys",
            &[],
            "Filters",
            r#"[{"Key":"KeyState","Values":[]}]"#,
            r#"[{"Key":"KeyState","Values":[],"Values":["Enabled"]}]"#,
        ),
    ] {
        if name != "Policy" {
            bench.done(action, &[given, &[(name, once)]].concat());
        }
        bench.refused(action, &[given, &[(name, twice)]].concat(), 400, "InvalidParameter");
    }
}

/// The table "Impact of CMK states": for each action, what becomes of it in each state.
#[test]
fn every_action_is_as_the_table_of_states_has_it() {
    const FAILED: Option<&str> = Some("Rejected.StateModifiedFailed");
    let used =
        [None, Some("Rejected.Disabled"), Some("Rejected.PendingDeletion"), Some("Rejected.PendingImport")];
    let table: [(&str, [Option<&str>; 4]); 11] = [
        ("Encrypt", used),
        ("GenerateDataKey", used),
        ("GenerateDataKeyWithoutPlaintext", used),
        ("DescribeKey", [None; 4]),
        ("ListKeys", [None; 4]),
        ("ListAliasesByKeyId", [None; 4]),
        ("EnableKey", [None, None, FAILED, FAILED]),
        ("DisableKey", [None, None, FAILED, FAILED]),
        ("ScheduleKeyDeletion", [None, None, FAILED, None]),
        ("CancelKeyDeletion", [FAILED, FAILED, None, FAILED]),
        ("CreateAlias", [None, None, FAILED, None]),
    ];
    for (action, outcomes) in table {
        let states = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"];
        for (state, expected) in states.into_iter().zip(outcomes) {
            let mut bench = bench();
            let origin = if state == "PendingImport" { "EXTERNAL" } else { "Aliyun_KMS" };
            let id = key(&mut bench, &[("Origin", origin)]);
            match state {
                "Disabled" => drop(bench.done("DisableKey", &[("KeyId", &id)])),
                "PendingDeletion" => {
                    drop(bench.done("ScheduleKeyDeletion", &[("KeyId", &id), ("PendingWindowInDays", "7")]));
                }
                _ => {}
            }
            assert_eq!(metadata(&mut bench, &id)["KeyState"], state);
            let parameters = [
                ("KeyId", id.as_str()),
                ("Plaintext", "aGk="),
                ("AliasName", "alias/a"),
                ("PendingWindowInDays", "30"),
            ];
            match expected {
                None => drop(bench.done(action, &parameters)),
                Some(code) => drop(bench.refused(action, &parameters, 409, code)),
            }
        }
    }
}

#[test]
fn a_disabled_key_does_not_decrypt_until_it_is_enabled() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let blob = encrypted(&mut bench, &id, "");
    bench.done("DisableKey", &[("KeyId", &id)]);
    let error = bench.refused("Decrypt", &[("CiphertextBlob", &blob)], 409, "Rejected.Disabled");
    assert_eq!(error.message, "The request was rejected because the key state is Disabled.");
    bench.done("EnableKey", &[("KeyId", &id)]);
    let decrypted = bench.done("Decrypt", &[("CiphertextBlob", &blob)]);
    assert_eq!((&decrypted["Plaintext"], &decrypted["KeyId"]), (&json!("aGVsbG8="), &json!(id)));
}

#[test]
fn a_key_is_deleted_by_the_clock_and_not_before() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let by_id = ("KeyId", id.as_str());
    bench.refused("ScheduleKeyDeletion", &[by_id], 400, "MissingParameter");
    for days in ["6", "367"] {
        bench.refused(
            "ScheduleKeyDeletion",
            &[by_id, ("PendingWindowInDays", days)],
            400,
            "InvalidParameter",
        );
    }
    bench.done("ScheduleKeyDeletion", &[by_id, ("PendingWindowInDays", "7")]);
    assert_eq!(metadata(&mut bench, &id)["DeleteDate"], "2026-11-27T08:00:00Z");
    bench.now += 7 * DAY - 1;
    bench.done("CancelKeyDeletion", &[by_id]);
    assert_eq!(metadata(&mut bench, &id)["KeyState"], "Enabled");
    let blob = encrypted(&mut bench, &id, "");
    bench.done("ScheduleKeyDeletion", &[by_id, ("PendingWindowInDays", "7")]);
    bench.now += 7 * DAY;
    bench.refused("DescribeKey", &[by_id], 404, "Forbidden.KeyNotFound");
    bench.refused("CancelKeyDeletion", &[by_id], 404, "Forbidden.KeyNotFound");
    bench.refused("Decrypt", &[("CiphertextBlob", &blob)], 404, "Forbidden.KeyNotFound");
    assert_eq!(bench.done("ListKeys", &[])["TotalCount"], 0);
}

#[test]
fn the_encryption_context_must_hold_the_same_pairs() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let blob = encrypted(&mut bench, &id, r#"{"a": "1", "b": "2"}"#);
    let decrypt = |context| [("CiphertextBlob", blob.as_str()), ("EncryptionContext", context)];
    bench.done("Decrypt", &decrypt(r#"{"b":"2","a":"1"}"#));
    for context in ["", "{}", r#"{"a": "1"}"#, r#"{"a": "1", "b": "3"}"#, r#"{"a": 1}"#, "x"] {
        bench.refused("Decrypt", &decrypt(context), 400, "InvalidParameter");
    }
    bench.refused("Decrypt", &[("CiphertextBlob", "aGVsbG8=")], 400, "InvalidParameter");
    bench.refused("Decrypt", &[("CiphertextBlob", "%")], 400, "InvalidParameter");
}

#[test]
fn data_keys_have_the_length_asked_for_and_come_back_from_their_ciphertext() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    let by_id = ("KeyId", id.as_str());
    for (parameter, encoded) in [
        (("KeySpec", "AES_256"), 44),
        (("KeySpec", "AES_128"), 24),
        (("NumberOfBytes", "1"), 4),
        (("NumberOfBytes", "1024"), 1_368),
    ] {
        let data_key = bench.done("GenerateDataKey", &[by_id, parameter]);
        let plaintext = data_key["Plaintext"].as_str().unwrap();
        assert_eq!(plaintext.len(), encoded, "{parameter:?}");
        let decrypted =
            bench.done("Decrypt", &[("CiphertextBlob", data_key["CiphertextBlob"].as_str().unwrap())]);
        assert_eq!(decrypted["Plaintext"], plaintext);
        assert_eq!(decrypted["KeyVersionId"], data_key["KeyVersionId"]);
    }
    let without = bench.done("GenerateDataKeyWithoutPlaintext", &[by_id]);
    assert!(without.get("Plaintext").is_none() && without["CiphertextBlob"].is_string());
    for parameter in [("NumberOfBytes", "0"), ("NumberOfBytes", "1025"), ("KeySpec", "AES_512")] {
        bench.refused("GenerateDataKey", &[by_id, parameter], 400, "InvalidParameter");
    }
    let long = "A".repeat(8_200);
    bench.refused("Encrypt", &[by_id, ("Plaintext", &long)], 400, "InvalidParameter");
}

#[test]
fn a_key_in_an_instance_says_so() {
    let mut bench = bench();
    let id = key(&mut bench, &[("DKMSInstanceId", "kst-hzz1"), ("Policy", "{}"), ("Tags", TAGS)]);
    assert!(id.starts_with("key-hzz"), "{id}");
    assert_eq!(metadata(&mut bench, &id)["DKMSInstanceId"], "kst-hzz1");
    let default = key(&mut bench, &[]);
    assert!(metadata(&mut bench, &default).get("DKMSInstanceId").is_none());
    for parameter in [("Policy", "[]"), ("Policy", "{"), ("Tags", "{}"), ("Tags", r#"[{"TagKey": "a"}]"#)] {
        bench.refused("CreateKey", &[parameter], 400, "InvalidParameter");
    }
}

const TAGS: &str = r#"[{"TagKey": "team", "TagValue": "security"}]"#;

#[test]
fn key_pairs_encrypt_no_data() {
    let mut bench = bench();
    let id = key(&mut bench, &[("KeySpec", "RSA_2048"), ("KeyUsage", "SIGN/VERIFY")]);
    bench.refused("GenerateDataKey", &[("KeyId", &id)], 400, "UnsupportedOperation");
    for parameter in
        [("KeySpec", "AES"), ("KeyUsage", "SIGN/VERIFY"), ("Origin", "x"), ("ProtectionLevel", "x")]
    {
        bench.refused("CreateKey", &[parameter], 400, "InvalidParameter");
    }
}

#[test]
fn aliases_name_keys_and_answers_give_the_keys_id() {
    let mut bench = bench();
    let (first, second) = (key(&mut bench, &[]), key(&mut bench, &[]));
    let alias = ("AliasName", "alias/byok");
    bench.done("CreateAlias", &[("KeyId", &first), alias]);
    bench.refused("CreateAlias", &[("KeyId", &second), alias], 409, "Rejected.AliasExists");
    assert_eq!(metadata(&mut bench, "alias/byok")["KeyId"], first.as_str());
    let data_key = bench.done("GenerateDataKey", &[("KeyId", "alias/byok")]);
    assert_eq!(data_key["KeyId"], first.as_str());
    bench.done("UpdateAlias", &[("KeyId", &second), alias]);
    assert_eq!(metadata(&mut bench, "alias/byok")["KeyId"], second.as_str());
    let listed = bench.done("ListAliasesByKeyId", &[("KeyId", &second)]);
    assert_eq!(listed["Aliases"]["Alias"][0]["AliasArn"], "acs:kms:cn-hangzhou:1234567890123456:alias/byok");
    assert_eq!(bench.done("ListAliases", &[])["TotalCount"], 1);
    bench.done("DeleteAlias", &[alias]);
    bench.refused("DeleteAlias", &[alias], 404, "Forbidden.AliasNotFound");
    bench.refused("DescribeKey", &[("KeyId", "alias/byok")], 404, "Forbidden.AliasNotFound");
    bench.refused("CreateAlias", &[("KeyId", &first), ("AliasName", "byok")], 400, "InvalidParameter");
}

#[test]
fn a_key_that_rotates_still_opens_what_earlier_versions_sealed() {
    let mut bench = bench();
    let id = key(&mut bench, &[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")]);
    let first = metadata(&mut bench, &id);
    assert_eq!(first["RotationInterval"], "604800s");
    assert_eq!(first["NextRotationDate"], "2026-11-27T08:00:00Z");
    let blob = encrypted(&mut bench, &id, "");
    bench.now += 15 * DAY;
    let later = metadata(&mut bench, &id);
    assert_ne!(later["PrimaryKeyVersion"], first["PrimaryKeyVersion"]);
    assert_eq!(later["LastRotationDate"], "2026-12-04T08:00:00Z");
    let versions = bench.done("ListKeyVersions", &[("KeyId", &id)]);
    assert_eq!(versions["TotalCount"], 3);
    let page = bench.done("ListKeyVersions", &[("KeyId", &id), ("PageSize", "2"), ("PageNumber", "2")]);
    assert_eq!(page["KeyVersions"]["KeyVersion"].as_array().unwrap().len(), 1);
    let decrypted = bench.done("Decrypt", &[("CiphertextBlob", &blob)]);
    assert_eq!(
        (&decrypted["Plaintext"], &decrypted["KeyVersionId"]),
        (&json!("aGVsbG8="), &first["PrimaryKeyVersion"])
    );
    let version = [("KeyId", id.as_str()), ("KeyVersionId", first["PrimaryKeyVersion"].as_str().unwrap())];
    assert_eq!(
        bench.done("DescribeKeyVersion", &version)["KeyVersion"]["CreationDate"],
        "2026-11-20T08:00:00Z"
    );
    let unknown = [("KeyId", id.as_str()), ("KeyVersionId", "x")];
    bench.refused("DescribeKeyVersion", &unknown, 404, "Forbidden.KeyVersionNotFound");
    bench.done("UpdateRotationPolicy", &[("KeyId", &id), ("EnableAutomaticRotation", "false")]);
    bench.now += 100 * DAY;
    assert_eq!(bench.done("ListKeyVersions", &[("KeyId", &id)])["TotalCount"], 3);
    let bad = [("KeyId", id.as_str()), ("EnableAutomaticRotation", "true"), ("RotationInterval", "1d")];
    bench.refused("UpdateRotationPolicy", &bad, 400, "InvalidParameter");
}

#[test]
fn keys_are_listed_by_page_and_filter() {
    let mut bench = bench();
    for _ in 0..3 {
        key(&mut bench, &[]);
    }
    let disabled = key(&mut bench, &[]);
    key(&mut bench, &[("RegionId", "cn-beijing")]);
    bench.done("DisableKey", &[("KeyId", &disabled)]);
    let page = bench.done("ListKeys", &[("PageNumber", "2"), ("PageSize", "3")]);
    assert_eq!((&page["TotalCount"], page["Keys"]["Key"].as_array().unwrap().len()), (&json!(4), 1));
    let filters = r#"[{"Key": "KeyState", "Values": ["Disabled"]}]"#;
    let filtered = bench.done("ListKeys", &[("Filters", filters)]);
    assert_eq!(
        (&filtered["TotalCount"], &filtered["Keys"]["Key"][0]["KeyId"]),
        (&json!(1), &json!(disabled))
    );
    bench.refused("ListKeys", &[("PageSize", "101")], 400, "InvalidParameter");
    bench.refused("ListKeys", &[("Filters", r#"[{"Key": "x", "Values": []}]"#)], 400, "InvalidParameter");
    let many = Value::from(vec![json!({"Key": "KeyState", "Values": ["Enabled"]}); 11]).to_string();
    bench.refused("ListKeys", &[("Filters", &many)], 400, "InvalidParameter");
}

#[test]
fn a_description_is_changed_and_cleared() {
    let mut bench = bench();
    let id = key(&mut bench, &[("Description", "before")]);
    for description in ["after", "", &"a".repeat(8_192)] {
        bench.done("UpdateKeyDescription", &[("KeyId", &id), ("Description", description)]);
        assert_eq!(metadata(&mut bench, &id)["Description"], description);
    }
    let long = "a".repeat(8_193);
    bench.refused("UpdateKeyDescription", &[("KeyId", &id), ("Description", &long)], 400, "InvalidParameter");
    bench.refused("UpdateKeyDescription", &[("KeyId", &id)], 400, "MissingParameter");
    let none = [("KeyId", "none"), ("Description", "d")];
    bench.refused("UpdateKeyDescription", &none, 404, "Forbidden.KeyNotFound");
}

#[test]
fn keys_in_instances_have_policies() {
    const POLICY: &str = r#"{ "Version": "1", "Statement": [] }"#;
    let mut bench = bench();
    let default_key = key(&mut bench, &[]);
    let id = key(&mut bench, &[("DKMSInstanceId", "kst-1")]);
    let made_with = key(&mut bench, &[("DKMSInstanceId", "kst-1"), ("Policy", POLICY)]);
    let policy = |bench: &mut ServiceHarness<Keys>, id: &str| {
        bench.done("GetKeyPolicy", &[("KeyId", id)])["Policy"].as_str().unwrap().to_owned()
    };
    assert!(policy(&mut bench, &id).contains("acs:ram::1234567890123456:*"));
    assert_eq!(policy(&mut bench, &made_with), POLICY);
    bench.done("SetKeyPolicy", &[("KeyId", &id), ("Policy", POLICY), ("PolicyName", "default")]);
    assert_eq!(policy(&mut bench, &id), POLICY);
    bench.refused("GetKeyPolicy", &[("KeyId", &default_key)], 400, "UnsupportedOperation");
    let on_default = [("KeyId", default_key.as_str()), ("Policy", POLICY)];
    bench.refused("SetKeyPolicy", &on_default, 400, "UnsupportedOperation");
    bench.refused("SetKeyPolicy", &[("KeyId", &id)], 400, "MissingParameter");
    for bad in [("Policy", "[]"), ("PolicyName", "other")] {
        let mut parameters = vec![("KeyId", id.as_str()), ("Policy", POLICY)];
        parameters.retain(|(name, _)| *name != bad.0);
        parameters.push(bad);
        bench.refused("SetKeyPolicy", &parameters, 400, "InvalidParameter");
    }
}

#[test]
fn a_key_pair_gets_a_version_every_seven_days_on_demand() {
    let mut bench = bench();
    let pair = key(&mut bench, &[("KeySpec", "RSA_2048"), ("KeyUsage", "SIGN/VERIFY")]);
    let symmetric = key(&mut bench, &[]);
    bench.refused("CreateKeyVersion", &[("KeyId", &symmetric)], 400, "UnsupportedOperation");
    bench.refused("CreateKeyVersion", &[("KeyId", &pair)], 409, "Rejected.LimitExceeded");
    bench.now += 7 * DAY;
    let version = bench.done("CreateKeyVersion", &[("KeyId", &pair)])["KeyVersion"].clone();
    assert_eq!(version["KeyId"], pair.as_str());
    let named = [("KeyId", pair.as_str()), ("KeyVersionId", version["KeyVersionId"].as_str().unwrap())];
    assert_eq!(bench.done("DescribeKeyVersion", &named)["KeyVersion"], version);
    assert_eq!(bench.done("ListKeyVersions", &[("KeyId", &pair)])["TotalCount"], 2);
    bench.now += 7 * DAY;
    bench.done("DisableKey", &[("KeyId", &pair)]);
    bench.refused("CreateKeyVersion", &[("KeyId", &pair)], 409, "Rejected.Disabled");
    bench.done("EnableKey", &[("KeyId", &pair)]);
    for _ in 2..50 {
        bench.done("CreateKeyVersion", &[("KeyId", &pair)]);
        bench.now += 7 * DAY;
    }
    bench.refused("CreateKeyVersion", &[("KeyId", &pair)], 409, "Rejected.LimitExceeded");
}

#[test]
fn what_is_encrypted_comes_back_letter_by_letter() {
    let mut bench = bench();
    let id = key(&mut bench, &[]);
    for plaintext in ["plaintext", "aGVsbG8=", "aGVsbG9=", "ü \" \\ +/=", &"a".repeat(8_192)] {
        let sealed = bench.done("Encrypt", &[("KeyId", &id), ("Plaintext", plaintext)]);
        let blob = sealed["CiphertextBlob"].as_str().unwrap();
        assert_eq!(bench.done("Decrypt", &[("CiphertextBlob", blob)])["Plaintext"], plaintext);
    }
}
