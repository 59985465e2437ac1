//! The account as a document, whatever is in it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::attachment::{PolicyTarget, PolicyTargetKind};
use super::directory::Directory;
use super::entity::{Group, Role, User};
use super::names::folded;
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind, PolicyVersion};
use super::verification_key::VerificationKey;
use crate::access::{AccessKey, AccessKeys, Principal};
use crate::policy::{Grammar, PolicyText};
use crate::stored::{Keyed as _, decode, encode};
use crypto::Secret;

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
    (any::<[String; 6]>(), any::<[i64; 2]>()).prop_map(|(texts, [created, updated])| {
        let [name, id, display_name, comments, email, mobile_phone] = texts;
        User { name, id, display_name, comments, email, mobile_phone, created, updated }
    })
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

fn attachment() -> impl Strategy<Value = ((PolicyTarget, PolicyKey), i64)> {
    let target_kind =
        prop::sample::select(&[PolicyTargetKind::User, PolicyTargetKind::Group, PolicyTargetKind::Role][..]);
    let policy_kind = prop::sample::select(&[PolicyKind::System, PolicyKind::Custom][..]);
    (target_kind, policy_kind, any::<[String; 2]>(), any::<i64>()).prop_map(
        |(target_kind, policy_kind, [target, policy], since)| {
            ((PolicyTarget::new(target_kind, &target), PolicyKey::new(policy_kind, &policy)), since)
        },
    )
}

prop_compose! {
    fn directory()(
        account_id in any::<String>(),
        access_keys in prop::collection::vec(access_key(), 0..4),
        users in prop::collection::vec(user(), 0..3),
        groups in prop::collection::vec(group(), 0..3),
        roles in prop::collection::vec(role(), 0..3),
        providers in prop::collection::vec(oidc_provider(), 0..2),
        policies in prop::collection::vec(policy(), 0..3),
        attachments in prop::collection::vec(attachment(), 0..4),
    ) -> Directory {
        let access_keys = access_keys.into_iter().map(|key| (key.key(), key)).collect();
        let mut directory = Directory::new(&account_id, access_keys);
        directory.users = users.into_iter().map(|user| (folded(&user.name), user)).collect();
        directory.groups = groups.into_iter().map(|group| (folded(&group.name), group)).collect();
        directory.roles = roles.into_iter().map(|role| (folded(&role.name), role)).collect();
        let providers = providers.into_iter().map(|provider| (folded(&provider.name), provider));
        directory.oidc_providers = providers.collect();
        directory.policies.extend(policies.into_iter().map(|policy| (policy.key(), policy)));
        directory.attachments = attachments.into_iter().collect();
        directory
    }
}

proptest! {
    #[test]
    fn a_directory_comes_back_as_it_was(directory in directory()) {
        let document = encode(&directory).unwrap();
        prop_assert!(decode::<Directory>(&document).unwrap() == directory);
    }
}

#[test]
fn the_clouds_own_policies_are_not_stored() {
    let document = encode(&Directory::new("1", AccessKeys::new())).unwrap();
    assert!(!String::from_utf8(document.to_vec()).unwrap().contains("AdministratorAccess"));
}
