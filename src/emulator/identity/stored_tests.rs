//! The account as documents, whatever is in it, and what a write of it writes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::attachment::{PolicyTarget, PolicyTargetKind};
use super::directory::Directory;
use super::entity::{Group, LoginProfile, Role, User};
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind, PolicyVersion};
use super::verification_key::VerificationKey;
use crate::access::{AccessKey, AccessKeys, Principal};
use crate::policy::{Grammar, PolicyText};
use crate::stored::encode;
use crypto::Secret;
use storage::{Document, Kind, WriteBatch};

const PERMISSIONS: [&str; 3] = [
    r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}"#,
    r#"{"Version":"1","Statement":{"Effect":"Deny","NotAction":["kms:Decrypt"],"NotResource":"acs:x"}}"#,
    r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringLike": {"acs:x": ["a", "b"]}}}], "Version": "1"}"#,
];
const TRUSTS: [&str; 2] = [
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"log.aliyuncs.com"}}]}"#,
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"RAM":["acs:ram::1:root","acs:ram::1:user/a"]}}]}"#,
];

fn user() -> impl Strategy<Value = User> {
    let profile =
        any::<([bool; 2], i64)>().prop_map(|([password_reset_required, mfa_bind_required], created)| {
            LoginProfile { password_reset_required, mfa_bind_required, created }
        });
    (any::<[String; 6]>(), option::of(profile), any::<[i64; 2]>()).prop_map(
        |(texts, login_profile, [created, updated])| {
            let [name, id, display_name, comments, email, mobile_phone] = texts;
            User { name, id, display_name, comments, email, mobile_phone, login_profile, created, updated }
        },
    )
}

fn group() -> impl Strategy<Value = Group> {
    let members = prop::collection::btree_set(any::<String>(), 0..3);
    (any::<[String; 2]>(), members, any::<[i64; 2]>()).prop_map(
        |([name, comments], members, [created, updated])| Group { name, comments, members, created, updated },
    )
}

fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(any::<String>(), any::<String>(), 0..3)
}

fn role() -> impl Strategy<Value = Role> {
    let trust = prop::sample::select(&TRUSTS[..]);
    (any::<[String; 3]>(), trust, tags(), any::<[i64; 3]>(), any::<[bool; 2]>()).prop_map(
        |(
            [name, id, description],
            trust,
            tags,
            [max_session_duration, created, updated],
            [allow_console_login, is_service_linked],
        )| Role {
            name,
            id,
            description,
            trust: PolicyText::parse(trust, Grammar::Trust).unwrap(),
            max_session_duration,
            allow_console_login,
            is_service_linked,
            tags,
            created,
            updated,
        },
    )
}

fn oidc_provider() -> impl Strategy<Value = OidcProvider> {
    let key = (prop::collection::vec(any::<u8>(), 32..40), option::of(any::<String>()));
    let key = key.prop_map(|(bytes, id)| {
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(bytes), "kid": id});
        VerificationKey::from_jwk(&jwk).unwrap()
    });
    let client_ids = prop::collection::vec(any::<String>(), 0..3);
    (any::<[String; 2]>(), client_ids, prop::collection::vec(key, 0..3))
        .prop_map(|([name, issuer], client_ids, keys)| OidcProvider { name, issuer, client_ids, keys })
}

fn version() -> impl Strategy<Value = PolicyVersion> {
    (prop::sample::select(&PERMISSIONS[..]), any::<i64>()).prop_map(|(text, created)| {
        let document = PolicyText::parse(text, Grammar::Permission).unwrap();
        PolicyVersion { number: 0, document, created }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let versions = prop::collection::btree_map(any::<u32>(), version(), 1..4);
    (any::<[String; 2]>(), versions, any::<[u32; 2]>(), any::<[i64; 2]>(), tags()).prop_map(
        |([name, description], versions, [default_version, last_version], [created, updated], tags)| {
            let kind = PolicyKind::Custom;
            let numbered = |(number, version)| (number, PolicyVersion { number, ..version });
            let versions = versions.into_iter().map(numbered).collect();
            Policy {
                name,
                kind,
                description,
                versions,
                default_version,
                last_version,
                created,
                updated,
                tags,
            }
        },
    )
}

fn principal() -> impl Strategy<Value = Principal> {
    let policy = option::of(prop::sample::select(&PERMISSIONS[..]));
    prop_oneof![
        any::<String>().prop_map(|account_id| Principal::AccountRoot { account_id }),
        any::<[String; 2]>().prop_map(|[account_id, name]| Principal::User { account_id, name }),
        (any::<[String; 4]>(), policy).prop_map(|([account_id, role, role_id, session], policy)| {
            let policy = policy.map(|text| PolicyText::parse(text, Grammar::Permission).unwrap());
            Principal::RoleSession { account_id, role, role_id, session, policy }
        }),
    ]
}

fn access_key() -> impl Strategy<Value = AccessKey> {
    (any::<[String; 3]>(), principal(), option::of(any::<i64>()), any::<(i64, bool)>()).prop_map(
        |([id, secret, token], principal, expires, (created, is_inactive))| {
            let [secret, token] = [secret, token].map(Secret::from);
            let key = match expires {
                Some(expires) => AccessKey::temporary(&id, secret, principal, token, expires),
                None => AccessKey::lasting(&id, secret, principal),
            };
            let mut key = key.created_at(created);
            key.is_inactive = is_inactive;
            key
        },
    )
}

fn attachment() -> impl Strategy<Value = (PolicyTarget, PolicyKey, i64)> {
    let target_kind =
        prop::sample::select(&[PolicyTargetKind::User, PolicyTargetKind::Group, PolicyTargetKind::Role][..]);
    let policy_kind = prop::sample::select(&[PolicyKind::System, PolicyKind::Custom][..]);
    (target_kind, policy_kind, any::<[String; 2]>(), any::<i64>()).prop_map(
        |(target_kind, policy_kind, [target, policy], since)| {
            (PolicyTarget::new(target_kind, &target), PolicyKey::new(policy_kind, &policy), since)
        },
    )
}

prop_compose! {
    fn directory()(
        account in any::<(String, Option<String>)>(),
        access_keys in prop::collection::vec(access_key(), 0..4),
        users in prop::collection::vec(user(), 0..3),
        groups in prop::collection::vec(group(), 0..3),
        roles in prop::collection::vec(role(), 0..3),
        providers in prop::collection::vec(oidc_provider(), 0..2),
        policies in prop::collection::vec(policy(), 0..3),
        attachments in prop::collection::vec(attachment(), 0..4),
    ) -> Directory {
        let (account_id, account_alias) = account;
        let mut directory = Directory {
            account_id,
            account_alias,
            access_keys: access_keys.into_iter().collect(),
            users: users.into_iter().collect(),
            groups: groups.into_iter().collect(),
            roles: roles.into_iter().collect(),
            oidc_providers: providers.into_iter().collect(),
            policies: policies.into_iter().collect(),
            ..Directory::default()
        };
        for (target, policy, since) in attachments {
            directory.attach(&target, policy, since);
        }
        directory
    }
}

/// What leads from one account to another in the store.
fn changes(before: &Directory, after: &Directory) -> WriteBatch {
    let mut batch = WriteBatch::new();
    after.write_changes(before, &mut batch).unwrap();
    batch
}

/// The documents of a store after a change.
fn changed(documents: &[Document], change: &WriteBatch) -> Vec<Document> {
    let is_touched = |name: &str| {
        change.written().iter().any(|written| written.name == name)
            || change.removed().iter().any(|(_, removed)| removed == name)
    };
    let kept = documents.iter().filter(|document| !is_touched(&document.name));
    kept.chain(change.written()).cloned().collect()
}

proptest! {
    #[test]
    fn a_directory_comes_back_as_it_was(directory in directory()) {
        let mut directory = directory;
        // There is no account without an id.
        directory.account_id.insert(0, '1');
        let documents = changes(&Directory::default(), &directory);
        prop_assert!(Directory::from_documents(documents.written()).unwrap() == directory);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_change_of_documents_leads_from_one_directory_to_the_other(one in directory(), other in directory()) {
        let (mut one, mut other) = (one, other);
        for directory in [&mut one, &mut other] {
            directory.account_id.insert(0, '1');
        }
        let documents = changed(changes(&Directory::default(), &one).written(), &changes(&one, &other));
        prop_assert!(Directory::from_documents(&documents).unwrap() == other);
    }
}

#[test]
fn documents_that_are_not_of_an_account_are_refused() {
    let mut batch = changes(&Directory::default(), &Directory::new("1", AccessKeys::new()));
    let user = encode(&User::new("Alice", 0)).unwrap();
    let read = |batch: &WriteBatch| Directory::from_documents(batch.written()).map(|_| ());
    assert_eq!(read(&batch), Ok(()));
    assert!(read(&WriteBatch::new()).unwrap_err().to_string().contains("\"account\" is not there"));
    for (name, expected) in [
        ("user/bob", "user/bob: it has the name of another"),
        ("User/alice", "nothing is known of documents like \"User/alice\""),
        ("alice", "nothing is known of documents like \"alice\""),
        ("group/alice", "group/alice: line 1 column"),
    ] {
        batch.write(Kind::Identity, name, user.clone());
        let documents = [&batch.written()[..1], &batch.written()[batch.written().len() - 1..]].concat();
        let error = Directory::from_documents(&documents).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

type Write = fn(&mut Directory);

/// A write is as large as what it changes, however much the account holds.
#[test]
fn a_write_touches_the_documents_of_what_it_changes_and_no_others() {
    const MANY: usize = 1_000;
    let full = |count: usize| {
        let mut directory = Directory::new("1", AccessKeys::new());
        let trust = PolicyText::parse(TRUSTS[0], Grammar::Trust).unwrap();
        let document = PolicyText::parse(PERMISSIONS[0], Grammar::Permission).unwrap();
        for number in 0..count {
            let name = format!("n{number}");
            directory.users.insert(User::new(&name, 0));
            let owner = Principal::User { account_id: "1".to_owned(), name: name.clone() };
            directory.access_keys.insert(AccessKey::lasting(&format!("ak-{name}"), "sk".into(), owner));
            directory.groups.insert(Group::new(&name, 0));
            directory.roles.insert(Role::new(&name, trust.clone(), 0));
            directory.policies.insert(Policy::new(PolicyKind::Custom, &name, document.clone(), 0));
            let policy = PolicyKey::new(PolicyKind::Custom, &name);
            directory.attach(&PolicyTarget::new(PolicyTargetKind::User, &name), policy, 0);
        }
        directory
    };
    let writes: [(&str, Write, &[&str], &[&str]); 9] = [
        ("a new user", |d| d.users.insert(User::new("New", 0)), &["user/new"], &[]),
        (
            "a user is changed",
            |d| "x".clone_into(&mut d.users.get_mut("n0").unwrap().comments),
            &["user/n0"],
            &[],
        ),
        ("a role is gone", |d| drop(d.roles.remove("n0")), &[], &["role/n0"]),
        (
            "a policy is attached",
            |d| {
                let (target, policy) = (PolicyTargetKind::Role, PolicyKey::new(PolicyKind::System, "x"));
                d.attach(&PolicyTarget::new(target, "n0"), policy, 0);
            },
            &["attached/role/n0"],
            &[],
        ),
        (
            "the last policy is detached",
            |d| {
                let (target, policy) = (PolicyTargetKind::User, PolicyKey::new(PolicyKind::Custom, "n0"));
                assert!(d.detach(&PolicyTarget::new(target, "n0"), &policy));
            },
            &[],
            &["attached/user/n0"],
        ),
        (
            "a user has another name",
            |d| {
                let user = d.user("n0").unwrap().clone();
                assert!(d.rename_user(user, "other"));
            },
            &["access-key/ak-n0", "user/other", "attached/user/other"],
            &["user/n0", "attached/user/n0"],
        ),
        (
            "a user keeps the name",
            |d| {
                let user = d.user("n0").unwrap().clone();
                assert!(d.rename_user(user, "n0"));
            },
            &["user/n0"],
            &[],
        ),
        ("the account has an alias", |d| d.account_alias = Some("a".to_owned()), &["account"], &[]),
        ("nothing", |_| (), &[], &[]),
    ];
    for (what, write, written, removed) in writes {
        let bytes_of = [1, MANY].map(|count| {
            let before = full(count);
            let mut after = before.clone();
            write(&mut after);
            let change = changes(&before, &after);
            let names: Vec<&str> = change.written().iter().map(|document| document.name.as_str()).collect();
            let gone: Vec<&str> = change.removed().iter().map(|(_, name)| name.as_str()).collect();
            assert_eq!((names.as_slice(), gone.as_slice()), (written, removed), "{what}, among {count}");
            change.written().iter().map(|document| document.content.len()).sum::<usize>()
        });
        assert_eq!(bytes_of[0], bytes_of[1], "{what}");
    }
}

#[test]
fn the_clouds_own_policies_are_not_stored() {
    let directory = Directory::new("1", AccessKeys::new());
    assert!(directory.all_policies().any(|(_, policy)| policy.name == "AdministratorAccess"));
    let names = changes(&Directory::default(), &directory);
    assert!(names.written().iter().all(|document| document.name == "account"));
}
