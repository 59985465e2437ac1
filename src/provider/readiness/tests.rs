//! Each check by itself, and what is not known.

use super::inputs::{Denied, EffectivePolicies, EffectivePolicy, Lookup};
use super::principal::PrincipalKind;
use super::*;
use cloud::{
    kms::{KeyMetadata, KeyState},
    names::{PolicyName, Region, RoleName},
    ram::{BYOK_SYSTEM_POLICIES, PolicyDocument, PolicyId, Role, RoleArn},
};

const ARN: &str = "acs:ram::1:role/sls-byok";

fn subject() -> Subject {
    Subject {
        key_id: Some("key-1".to_owned()),
        role: Some(RoleArn::parse("acs:ram::1:role/Sls-Byok").unwrap()),
        region: Region::parse("cn-hangzhou").unwrap(),
        log_store_region: None,
        encrypt_type: None,
        principal: None,
    }
}

fn key() -> KeyMetadata {
    KeyMetadata {
        key_id: "key-1".to_owned(),
        arn: "acs:kms:cn-hangzhou:1:key/key-1".to_owned(),
        key_state: KeyState::Enabled,
        key_spec: "Aliyun_AES_256".to_owned(),
        key_usage: "ENCRYPT/DECRYPT".to_owned(),
        delete_date: None,
    }
}

fn role(trust: &str) -> Lookup<Role> {
    Lookup::Found(Role {
        role_id: "3".to_owned(),
        role_name: RoleName::parse("Sls-Byok").unwrap(),
        arn: RoleArn::parse(ARN).unwrap(),
        description: String::new(),
        assume_role_policy_document: trust.to_owned(),
        max_session_duration: 3_600,
        create_date: String::new(),
    })
}

fn system(name: &str) -> EffectivePolicy {
    let id = PolicyId::system(PolicyName::parse(name).unwrap());
    let document = role::known_document(&id).map_or(Lookup::Absent, Lookup::Found);
    EffectivePolicy { id, document }
}

fn custom(name: &str, statement: &str) -> EffectivePolicy {
    let text = format!(r#"{{"Version":"1","Statement":[{statement}]}}"#);
    EffectivePolicy {
        id: PolicyId::custom(PolicyName::parse(name).unwrap()),
        document: Lookup::Found(PolicyDocument::parse(&text).unwrap()),
    }
}

fn denied(action: &str) -> Denied {
    Denied { action: action.to_owned() }
}

fn pass_role(statement: &str) -> Lookup<EffectivePolicies> {
    Lookup::Found(EffectivePolicies { policies: vec![custom("pass", statement)], unread: Vec::new() })
}

fn good_inputs() -> Inputs {
    Inputs {
        key: Lookup::Found(key()),
        role: role(&PolicyDocument::byok_trust().to_string()),
        role_policies: Lookup::Found(BYOK_SYSTEM_POLICIES.map(system).to_vec()),
        principal: Lookup::Found(Principal {
            account_id: "1".to_owned(),
            kind: PrincipalKind::User("ci".to_owned()),
        }),
        principal_policies: pass_role(&allow("ram:PassRole", ARN)),
    }
}

fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#)
}

/// All checks pass but these, which are as given; texts must occur in detail or fix of the first.
#[track_caller]
fn check(change: impl FnOnce(&mut Inputs), outcomes: &[(&str, Option<bool>)], says: &[&str]) {
    let mut inputs = good_inputs();
    change(&mut inputs);
    let checks = checks(&subject(), &inputs);
    assert_eq!(checks.iter().map(|check| check.name).collect::<Vec<_>>(), NAMES);
    let odd: Vec<(&str, Option<bool>)> =
        checks.iter().filter(|check| check.ok != Some(true)).map(|check| (check.name, check.ok)).collect();
    assert_eq!(odd, outcomes, "{checks:#?}");
    for check in &checks {
        assert_eq!(check.ok == Some(true), check.fix.is_none() && check.ok.is_some(), "{check:?}");
        assert!(check.ok != Some(false) || check.fix.is_some(), "{check:?}");
    }
    if let Some((name, _)) = outcomes.first() {
        let first = checks.iter().find(|check| check.name == *name).unwrap();
        let text = format!("{}\n{}", first.detail, first.fix.as_deref().unwrap_or_default());
        for part in says {
            assert!(text.contains(part), "{part:?} is not said in: {text}");
        }
    }
}

const NO: Option<bool> = Some(false);

#[test]
fn all_is_ready() {
    check(|_| {}, &[], &[]);
}

#[test]
fn each_fault_of_a_key_fails_its_own_check() {
    let with = |change: fn(&mut KeyMetadata)| {
        move |inputs: &mut Inputs| {
            let mut key = key();
            change(&mut key);
            inputs.key = Lookup::Found(key);
        }
    };
    let disabled = with(|key| key.key_state = KeyState::Disabled);
    let enable = "aliyun kms EnableKey --RegionId cn-hangzhou --KeyId key-1";
    check(disabled, &[("key_enabled", NO)], &["Disabled", enable]);
    let pending = with(|key| {
        key.key_state = KeyState::PendingDeletion;
        key.delete_date = Some("2026-12-01T00:00:00Z".to_owned());
    });
    check(pending, &[("key_enabled", NO)], &["CancelKeyDeletion", "before 2026-12-01T00:00:00Z"]);
    let import = with(|key| key.key_state = KeyState::PendingImport);
    check(import, &[("key_enabled", NO)], &["ImportKeyMaterial", "no key material"]);
    let alias = with(|key| key.key_id = "key-7".to_owned());
    check(alias, &[("key_id", NO)], &["\"key-1\" is another name", "\n\n  cmk_key_id = \"key-7\""]);
    let other = with(|key| key.key_state = KeyState::Other("Stolen".to_owned()));
    check(other, &[("key_enabled", NO)], &["Stolen"]);
    let asymmetric = with(|key| key.key_spec = "RSA_2048".to_owned());
    check(asymmetric, &[("key_symmetric", NO)], &["RSA_2048", "--KeySpec Aliyun_AES_256"]);
    let signs = with(|key| key.key_usage = "SIGN/VERIFY".to_owned());
    check(signs, &[("key_usage", NO)], &["SIGN/VERIFY", "--KeyUsage ENCRYPT/DECRYPT"]);
    let elsewhere = with(|key| key.arn = "acs:kms:cn-beijing:1:key/key-1".to_owned());
    check(elsewhere, &[("key_region", NO)], &["region_id = \"cn-beijing\""]);
    check(with(|key| key.arn = "odd".to_owned()), &[("key_region", None)], &["names no region"]);
}

#[test]
fn what_hangs_on_a_missing_key_is_not_known() {
    let rest = [
        ("key_id", None),
        ("key_enabled", None),
        ("key_symmetric", None),
        ("key_usage", None),
        ("key_region", None),
    ];
    let with = |exists| [&[("key_exists", exists)], rest.as_slice()].concat();
    check(
        |inputs| inputs.key = Lookup::Absent,
        &with(NO),
        &["\"key-1\" does not exist in cn-hangzhou", "\n\n  aliyun kms CreateKey"],
    );
    check(
        |inputs| inputs.key = Lookup::Denied(denied("kms:DescribeKey")),
        &with(None),
        &["lacks kms:DescribeKey", r#""Action":["kms:DescribeKey","ram:GetRole""#],
    );
    let refused = "KMS says Forbidden.InDebt.".to_owned();
    check(|inputs| inputs.key = Lookup::Refused(refused), &with(NO), &["nobody", "Forbidden.InDebt"]);
}

#[test]
fn what_hangs_on_a_missing_role_is_not_known() {
    let rest = [("role_trust", None), ("role_reads_keys", None), ("role_uses_keys", None)];
    let with = |exists| [&[("role_exists", exists)], rest.as_slice()].concat();
    let resource = "\n\n  resource \"alicloud_ram_byok_role\" \"byok\" {\n    provider  = alicloud-encryption\n    role_name = \"Sls-Byok\"\n  }";
    let reference = "\n\n  arn = alicloud_ram_byok_role.byok.arn\n";
    check(
        |inputs| inputs.role = Lookup::Absent,
        &with(NO),
        &["acs:ram::1:role/Sls-Byok does not exist", reference, resource],
    );
    check(|inputs| inputs.role = Lookup::Denied(denied("ram:GetRole")), &with(None), &["lacks ram:GetRole"]);
    check(|inputs| inputs.role = Lookup::Unknown("Elsewhere.".to_owned()), &with(None), &["Elsewhere."]);
}

#[test]
fn trust_is_judged_by_meaning() {
    let trusting = |statements: &str| {
        let trust = format!(r#"{{"Version":"1","Statement":[{statements}]}}"#);
        move |inputs: &mut Inputs| inputs.role = role(&trust)
    };
    let service = |effect: &str, more: &str| {
        format!(
            r#"{{"Effect":"{effect}","Action":["sts:*"],"Principal":{{"Service":["fc.aliyuncs.com","log.aliyuncs.com"]}}{more}}}"#
        )
    };
    check(trusting(&service("Allow", "")), &[], &[]);
    let statement =
        r#"{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]}}"#;
    check(
        trusting(""),
        &[("role_trust", NO)],
        &[statement, "\n\n  aliyun ram UpdateRole --RoleName Sls-Byok"],
    );
    // What others may do stays when the command is run as printed.
    let ecs = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs.aliyuncs.com"}}"#;
    check(trusting(ecs), &[("role_trust", NO)], &[statement, "ecs.aliyuncs.com"]);
    let both = format!("{},{}", service("Allow", ""), service("Deny", ""));
    check(trusting(&both), &[("role_trust", NO)], &["Remove the statement with Effect Deny"]);
    let condition = service("Allow", r#","Condition":{"Bool":{"acs:SecureTransport":"true"}}"#);
    check(trusting(&condition), &[("role_trust", None)], &["depends on a condition", statement]);
    check(|inputs| inputs.role = role("no JSON"), &[("role_trust", None)], &["cannot be read"]);
}

#[test]
fn the_kms_policies_may_be_others_that_grant_the_same() {
    let [reads, uses] = BYOK_SYSTEM_POLICIES.map(system);
    let held = |policies: Vec<EffectivePolicy>| {
        move |inputs: &mut Inputs| inputs.role_policies = Lookup::Found(policies)
    };
    let attach = |name: &str| {
        format!("aliyun ram AttachPolicyToRole --PolicyType System --PolicyName {name} --RoleName Sls-Byok")
    };
    let says = attach(BYOK_SYSTEM_POLICIES[1]);
    check(held(vec![reads.clone()]), &[("role_uses_keys", NO)], &["kms:Encrypt, kms:Decrypt", &says]);
    let says = attach(BYOK_SYSTEM_POLICIES[0]);
    check(held(vec![uses.clone()]), &[("role_reads_keys", NO)], &["kms:DescribeKey", &says]);
    check(held(vec![custom("own", &allow("kms:*", "acs:kms:*:1:key/key-1"))]), &[], &[]);
    let other_key = custom("own", &allow("kms:*", "acs:kms:*:1:key/key-2"));
    check(
        held(vec![other_key]),
        &[("role_reads_keys", NO), ("role_uses_keys", NO)],
        &["acs:kms:cn-hangzhou:1:key/key-1"],
    );
    // Whether SLS calls Encrypt is not documented: without it alone the check is open, and stops nothing.
    let lacks =
        custom("own", r#"{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*"}"#);
    check(
        held(vec![reads.clone(), lacks]),
        &[("role_uses_keys", None)],
        &["kms:Encrypt on", "not documented"],
    );
    let lacks = custom("own", &allow("kms:Decrypt", "*"));
    check(
        held(vec![reads.clone(), lacks]),
        &[("role_uses_keys", NO)],
        &["kms:Encrypt, kms:GenerateDataKey on"],
    );
    let deny = custom("cage", r#"{"Effect":"Deny","Action":"kms:Dec*","Resource":"*"}"#);
    check(
        held(vec![reads.clone(), uses.clone(), deny]),
        &[("role_uses_keys", NO)],
        &["cage denies", "kms:Decrypt"],
    );
    let unread = EffectivePolicy { document: Lookup::Denied(denied("ram:GetPolicy")), ..lacking() };
    let both = [("role_reads_keys", None), ("role_uses_keys", None)];
    check(
        held(vec![reads, uses, unread]),
        &both,
        &["A policy of role Sls-Byok could not be read", "lacks ram:GetPolicy", r#""ram:GetPolicy""#],
    );
    check(
        |inputs| inputs.role_policies = Lookup::Denied(denied("ram:ListPoliciesForRole")),
        &both,
        &["lacks ram:ListPoliciesForRole"],
    );
}

fn lacking() -> EffectivePolicy {
    custom("own", &allow("oss:*", "*"))
}

#[test]
fn a_key_of_another_region_than_the_logstores_fails_wherever_it_is() {
    let subject = Subject { log_store_region: Some(Region::parse("cn-beijing").unwrap()), ..subject() };
    let checks = checks(&subject, &good_inputs());
    let failed: Vec<&Check> = checks.iter().filter(|check| check.ok != Some(true)).collect();
    assert_eq!(failed.iter().map(|check| (check.name, check.ok)).collect::<Vec<_>>(), [("key_region", NO)]);
    assert!(failed[0].fix.as_ref().unwrap().contains("region_id = \"cn-beijing\""), "{failed:#?}");
}

#[test]
fn an_alias_that_was_not_resolved_leaves_permissions_on_single_keys_open() {
    let subject = Subject { key_id: Some("alias/logs".to_owned()), ..subject() };
    let of = |policy: EffectivePolicy| {
        let key = Lookup::Denied(denied("kms:DescribeKey"));
        let inputs = Inputs { key, role_policies: Lookup::Found(vec![policy]), ..good_inputs() };
        checks(&subject, &inputs).into_iter().find(|check| check.name == "role_uses_keys").unwrap()
    };
    assert_eq!(of(custom("own", &allow("kms:*", "acs:kms:*:*:key/key-1"))).ok, None);
    assert_eq!(of(custom("own", &allow("kms:*", "*"))).ok, Some(true));
}

#[test]
fn whoever_configures_has_to_be_allowed_to_pass_this_role() {
    let holds = |statement: &str| {
        let policies = pass_role(statement);
        move |inputs: &mut Inputs| inputs.principal_policies = policies
    };
    check(holds(&allow("ram:*", "*")), &[], &[]);
    let policy = r#"{"Statement":[{"Action":"ram:PassRole","Effect":"Allow","Resource":"acs:ram::1:role/sls-byok"}],"Version":"1"}"#;
    let argument = "pass_role = { users = [\"ci\"] }";
    check(
        holds(&allow("ram:PassRole", "acs:ram::1:role/other")),
        &[("pass_role", NO)],
        &["RAM user ci", policy, argument],
    );
    check(
        holds(&allow("ram:PassRole", "acs:ram::1:role/Sls-Byok")),
        &[("pass_role", None)],
        &["letter case", policy],
    );
    let deny = r#"{"Effect":"Deny","Action":"ram:PassRole","Resource":"*"}"#;
    check(holds(&format!("{},{deny}", allow("*", "*"))), &[("pass_role", NO)], &["pass denies", "Deny"]);
    check(
        |inputs| inputs.principal_policies = Lookup::Absent,
        &[("pass_role", NO)],
        &["There is no RAM user ci"],
    );
    check(
        |inputs| inputs.principal_policies = Lookup::Denied(denied("ram:ListPoliciesForUser")),
        &[("pass_role", None)],
        &["lacks ram:ListPoliciesForUser", "RAM user ci"],
    );
    let mut groups = pass_role(&allow("ram:*", "*"));
    if let Lookup::Found(effective) = &mut groups {
        effective.unread.push(denied("ram:ListGroupsForUser"));
    }
    check(
        |inputs| inputs.principal_policies = groups,
        &[("pass_role", None)],
        &["lacks ram:ListGroupsForUser"],
    );
}

#[test]
fn the_account_needs_no_permission_and_another_account_cannot_be_read() {
    let principal =
        |account_id: &str, kind| Lookup::Found(Principal { account_id: account_id.to_owned(), kind });
    check(
        |inputs| {
            inputs.principal = principal("1", PrincipalKind::Account);
            inputs.principal_policies = Lookup::Found(EffectivePolicies::default());
        },
        &[],
        &[],
    );
    check(
        |inputs| inputs.principal = principal("2", PrincipalKind::Account),
        &[("pass_role", None)],
        &["account 2", "account 1"],
    );
    check(
        |inputs| {
            inputs.principal = principal("1", PrincipalKind::Role("Ops".to_owned()));
            inputs.principal_policies = Lookup::Found(EffectivePolicies::default());
        },
        &[("pass_role", NO)],
        &["pass_role = { roles = [\"Ops\"] }"],
    );
}

/// Every part that may be unknown: what is left is checked as always, and nothing else.
#[test]
fn what_is_known_is_checked_without_the_rest() {
    let of = |key_id: Option<&str>, role: bool, inputs: &Inputs| {
        let role = subject().role.filter(|_| role);
        let subject = Subject { key_id: key_id.map(str::to_owned), role, ..subject() };
        checks(&subject, inputs)
    };
    let names = |checks: &[Check]| checks.iter().map(|check| check.name).collect::<Vec<_>>();
    let (of_key, of_role) = NAMES.split_at(6);
    assert_eq!(names(&of(Some("key-1"), false, &good_inputs())), of_key);
    assert_eq!(names(&of(None, true, &good_inputs())), of_role);
    assert!(of(None, true, &good_inputs()).iter().all(|check| check.ok == Some(true)));
    assert_eq!(of(None, false, &good_inputs()), []);
    let disabled = KeyMetadata { key_state: KeyState::Disabled, ..key() };
    let checks = of(Some("key-1"), false, &Inputs { key: Lookup::Found(disabled), ..good_inputs() });
    assert!(checks.iter().any(|check| check.name == "key_enabled" && check.ok == NO));
    // Which key is meant is not known: a policy for one key says nothing, and is not reported; no policy says all.
    let uses = |policies: Vec<EffectivePolicy>| {
        let key = Lookup::Unknown("Not known.".to_owned());
        let checks = of(None, true, &Inputs { key, role_policies: Lookup::Found(policies), ..good_inputs() });
        checks.into_iter().find(|check| check.name == "role_uses_keys").unwrap()
    };
    let one_key = uses(vec![custom("own", &allow("kms:*", "acs:kms:*:1:key/key-1"))]);
    assert_eq!((one_key.ok, one_key.because), (None, Some("key_exists")));
    assert_eq!(uses(Vec::new()).ok, NO);
}

/// A key of the algorithm's own family is proposed, for every algorithm there is.
#[test]
fn a_remedy_knows_the_algorithm() {
    for encrypt_type in cloud::sls::encryption::ENCRYPT_TYPES {
        let subject = Subject { encrypt_type: Some(encrypt_type.to_owned()), ..subject() };
        let checks = checks(&subject, &Inputs { key: Lookup::Absent, ..good_inputs() });
        let fix = checks[0].fix.clone().unwrap();
        let is_sm4 = encrypt_type.contains("m4");
        assert_eq!(
            fix.contains("--KeySpec Aliyun_SM4 --ProtectionLevel HSM"),
            is_sm4,
            "{encrypt_type}: {fix}"
        );
        assert_eq!(fix.contains("--KeySpec Aliyun_AES_256"), !is_sm4, "{encrypt_type}: {fix}");
    }
}

/// What has to be copied stands on lines of its own, indented, so that no host wraps it.
#[test]
fn every_fix_can_be_copied() {
    let broken = |change: fn(&mut Inputs)| {
        let mut inputs = good_inputs();
        change(&mut inputs);
        checks(&subject(), &inputs)
    };
    let state = |state: KeyState| {
        let key = KeyMetadata { key_state: state, ..key() };
        checks(&subject(), &Inputs { key: Lookup::Found(key), ..good_inputs() })
    };
    let all = [
        broken(|inputs| inputs.key = Lookup::Absent),
        broken(|inputs| inputs.key = Lookup::Denied(denied("kms:DescribeKey"))),
        broken(|inputs| inputs.role = Lookup::Absent),
        broken(|inputs| inputs.role = role(r#"{"Version":"1","Statement":[]}"#)),
        broken(|inputs| inputs.role = role("no JSON")),
        broken(|inputs| inputs.role_policies = Lookup::Found(Vec::new())),
        broken(|inputs| inputs.principal_policies = Lookup::Found(EffectivePolicies::default())),
        state(KeyState::Disabled),
        state(KeyState::PendingDeletion),
    ];
    let mut copied = 0;
    for fix in all.iter().flatten().filter_map(|check| check.fix.as_ref()) {
        for line in fix
            .lines()
            .filter(|line| ["aliyun ", "{\"", "resource ", " = "].iter().any(|part| line.contains(part)))
        {
            assert!(line.starts_with("  "), "{line:?} of {fix}");
            copied += 1;
        }
    }
    assert!(copied > 9, "{copied}");
}
