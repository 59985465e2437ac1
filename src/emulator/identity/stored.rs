//! The account's people, roles and policies as a document of the store.
//!
//! The cloud's own policies are not in it: they are what this version of the emulator has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::attachment::{Holder, HolderKind};
use super::directory::{Directory, folded};
use super::entity::{Group, Role, User};
use super::oidc_provider::OidcProvider;
use super::policy::{Policy, PolicyKey, PolicyKind, PolicyVersion};
use super::verification_key::VerificationKey;
use crate::emulator::access::{AccessKeys, StoredAccessKey};
use crate::emulator::policy::{Document, Grammar};
use crate::emulator::stored::{StoredSecret, Unreadable, Unwritable, decode, encode};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDirectory {
    account_id: String,
    access_keys: Vec<StoredAccessKey>,
    users: Vec<StoredUser>,
    groups: Vec<StoredGroup>,
    roles: Vec<StoredRole>,
    oidc_providers: Vec<StoredOidcProvider>,
    policies: Vec<StoredPolicy>,
    attachments: Vec<StoredAttachment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredUser {
    name: String,
    id: String,
    display_name: String,
    comments: String,
    email: String,
    mobile_phone: String,
    created: i64,
    updated: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGroup {
    name: String,
    comments: String,
    members: BTreeSet<String>,
    created: i64,
    updated: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRole {
    name: String,
    id: String,
    description: String,
    trust: String,
    max_session_duration: i64,
    allow_console_login: bool,
    is_service_linked: bool,
    tags: BTreeMap<String, String>,
    created: i64,
    updated: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredOidcProvider {
    name: String,
    issuer: String,
    client_ids: Vec<String>,
    /// JSON Web Keys; a shared one is a secret.
    keys: Vec<StoredSecret>,
}

/// A policy of the account.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPolicy {
    name: String,
    description: String,
    versions: Vec<StoredVersion>,
    default_version: u32,
    last_version: u32,
    created: i64,
    updated: i64,
    tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredVersion {
    number: u32,
    document: String,
    created: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAttachment {
    holder_kind: StoredHolderKind,
    holder: String,
    policy_kind: StoredPolicyKind,
    policy: String,
    since: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredHolderKind {
    User,
    Group,
    Role,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredPolicyKind {
    System,
    Custom,
}

impl Directory {
    /// The directory as a document.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn to_document(&self) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let Self { account_id, access_keys, users, groups, roles, oidc_providers, policies, attachments } =
            self;
        let custom = policies.values().filter(|policy| policy.kind == PolicyKind::Custom);
        encode(&StoredDirectory {
            account_id: account_id.clone(),
            access_keys: access_keys.iter().map(|(id, key)| StoredAccessKey::of(id, key)).collect(),
            users: users.values().map(StoredUser::of).collect(),
            groups: groups.values().map(StoredGroup::of).collect(),
            roles: roles.values().map(StoredRole::of).collect(),
            oidc_providers: oidc_providers.values().map(StoredOidcProvider::of).collect(),
            policies: custom.map(StoredPolicy::of).collect(),
            attachments: attachments.iter().map(StoredAttachment::of).collect(),
        })
    }

    /// Reads what [`Directory::to_document`] wrote.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn from_document(document: &[u8]) -> Result<Self, Unreadable> {
        let StoredDirectory {
            account_id,
            access_keys,
            users,
            groups,
            roles,
            oidc_providers,
            policies,
            attachments,
        } = decode(document)?;
        let keys = access_keys.into_iter().map(StoredAccessKey::into_key);
        let mut directory = Self::new(&account_id, keys.collect::<Result<AccessKeys, _>>()?);
        let users = users.into_iter().map(StoredUser::into_user);
        directory.users = users.map(|user| (folded(&user.name), user)).collect();
        let groups = groups.into_iter().map(StoredGroup::into_group);
        directory.groups = groups.map(|group| (folded(&group.name), group)).collect();
        for role in roles {
            let role = role.into_role()?;
            directory.roles.insert(folded(&role.name), role);
        }
        for provider in oidc_providers {
            let provider = provider.into_provider()?;
            directory.oidc_providers.insert(folded(&provider.name), provider);
        }
        for policy in policies {
            let policy = policy.into_policy()?;
            directory.policies.insert(policy.key(), policy);
        }
        directory.attachments = attachments.into_iter().map(StoredAttachment::into_attachment).collect();
        Ok(directory)
    }
}

impl StoredUser {
    fn of(user: &User) -> Self {
        let User { name, id, display_name, comments, email, mobile_phone, created, updated } = user.clone();
        Self { name, id, display_name, comments, email, mobile_phone, created, updated }
    }

    fn into_user(self) -> User {
        let Self { name, id, display_name, comments, email, mobile_phone, created, updated } = self;
        User { name, id, display_name, comments, email, mobile_phone, created, updated }
    }
}

impl StoredGroup {
    fn of(group: &Group) -> Self {
        let Group { name, comments, members, created, updated } = group.clone();
        Self { name, comments, members, created, updated }
    }

    fn into_group(self) -> Group {
        let Self { name, comments, members, created, updated } = self;
        Group { name, comments, members, created, updated }
    }
}

impl StoredRole {
    fn of(role: &Role) -> Self {
        let Role {
            name,
            id,
            description,
            trust_text: trust,
            trust: _,
            max_session_duration,
            allow_console_login,
            is_service_linked,
            tags,
            created,
            updated,
        } = role.clone();
        Self {
            name,
            id,
            description,
            trust,
            max_session_duration,
            allow_console_login,
            is_service_linked,
            tags,
            created,
            updated,
        }
    }

    fn into_role(self) -> Result<Role, Unreadable> {
        let Self {
            name,
            id,
            description,
            trust: trust_text,
            max_session_duration,
            allow_console_login,
            is_service_linked,
            tags,
            created,
            updated,
        } = self;
        let trust = read_policy(&trust_text, Grammar::Trust)?;
        Ok(Role {
            name,
            id,
            description,
            trust_text,
            trust,
            max_session_duration,
            allow_console_login,
            is_service_linked,
            tags,
            created,
            updated,
        })
    }
}

impl StoredOidcProvider {
    fn of(provider: &OidcProvider) -> Self {
        let OidcProvider { name, issuer, client_ids, keys } = provider.clone();
        let keys = keys.iter().map(|key| StoredSecret(key.jwk().clone())).collect();
        Self { name, issuer, client_ids, keys }
    }

    fn into_provider(self) -> Result<OidcProvider, Unreadable> {
        let Self { name, issuer, client_ids, keys } = self;
        let keys = keys.iter().map(|StoredSecret(jwk)| {
            let jwk = serde_json::from_str(jwk.expose()).map_err(|_| Unreadable::new("a key is no JSON"))?;
            VerificationKey::from_jwk(&jwk).map_err(|error| Unreadable::new(error.to_string()))
        });
        Ok(OidcProvider { name, issuer, client_ids, keys: keys.collect::<Result<_, _>>()? })
    }
}

impl StoredPolicy {
    fn of(policy: &Policy) -> Self {
        let Policy {
            name,
            kind: _,
            description,
            versions,
            default_version,
            last_version,
            created,
            updated,
            tags,
        } = policy.clone();
        let versions = versions.into_iter().map(|(number, version)| {
            let PolicyVersion { text, document: _, created } = version;
            StoredVersion { number, document: text, created }
        });
        let versions = versions.collect();
        Self { name, description, versions, default_version, last_version, created, updated, tags }
    }

    fn into_policy(self) -> Result<Policy, Unreadable> {
        let Self { name, description, versions, default_version, last_version, created, updated, tags } =
            self;
        let mut read = BTreeMap::new();
        for StoredVersion { number, document: text, created } in versions {
            let document = read_policy(&text, Grammar::Permission)?;
            read.insert(number, PolicyVersion { text, document, created });
        }
        let (kind, versions) = (PolicyKind::Custom, read);
        Ok(Policy {
            name,
            kind,
            description,
            versions,
            default_version,
            last_version,
            created,
            updated,
            tags,
        })
    }
}

impl StoredAttachment {
    fn of(((holder, policy), since): (&(Holder, PolicyKey), &i64)) -> Self {
        let holder_kind = match holder.kind {
            HolderKind::User => StoredHolderKind::User,
            HolderKind::Group => StoredHolderKind::Group,
            HolderKind::Role => StoredHolderKind::Role,
        };
        let policy_kind = match policy.kind {
            PolicyKind::System => StoredPolicyKind::System,
            PolicyKind::Custom => StoredPolicyKind::Custom,
        };
        let (holder, policy) = (holder.name.clone(), policy.name.clone());
        Self { holder_kind, holder, policy_kind, policy, since: *since }
    }

    fn into_attachment(self) -> ((Holder, PolicyKey), i64) {
        let holder_kind = match self.holder_kind {
            StoredHolderKind::User => HolderKind::User,
            StoredHolderKind::Group => HolderKind::Group,
            StoredHolderKind::Role => HolderKind::Role,
        };
        let policy_kind = match self.policy_kind {
            StoredPolicyKind::System => PolicyKind::System,
            StoredPolicyKind::Custom => PolicyKind::Custom,
        };
        let holder = Holder { kind: holder_kind, name: self.holder };
        ((holder, PolicyKey { kind: policy_kind, name: self.policy }), self.since)
    }
}

fn read_policy(text: &str, grammar: Grammar) -> Result<Document, Unreadable> {
    Document::parse(text, grammar).map_err(|error| Unreadable::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::crypto::Secret;
    use crate::emulator::access::{AccessKey, Principal, SessionPolicy};

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
            |([name, comments], members, [created, updated])| Group {
                name,
                comments,
                members,
                created,
                updated,
            },
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
                trust_text: trust.to_owned(),
                trust: Document::parse(trust, Grammar::Trust).unwrap(),
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
            let document = Document::parse(text, Grammar::Permission).unwrap();
            PolicyVersion { text: text.to_owned(), document, created }
        })
    }

    fn policy() -> impl Strategy<Value = Policy> {
        let versions = prop::collection::btree_map(any::<u32>(), version(), 1..4);
        (any::<[String; 2]>(), versions, any::<[u32; 2]>(), any::<[i64; 2]>(), tags()).prop_map(
            |([name, description], versions, [default_version, last_version], [created, updated], tags)| {
                let kind = PolicyKind::Custom;
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
                let policy = policy.map(|text| Arc::new(SessionPolicy::parse(text).unwrap()));
                Principal::RoleSession { account_id, role, role_id, session, policy }
            }),
        ]
    }

    fn access_key() -> impl Strategy<Value = AccessKey> {
        (any::<[String; 2]>(), principal(), option::of(any::<i64>())).prop_map(
            |([secret, token], principal, expires)| {
                let [secret, token] = [secret, token].map(Secret::from);
                match expires {
                    Some(expires) => AccessKey::of_session(secret, principal, token, expires),
                    None => AccessKey::lasting(secret, principal),
                }
            },
        )
    }

    fn attachment() -> impl Strategy<Value = ((Holder, PolicyKey), i64)> {
        let holder_kind = prop::sample::select(&[HolderKind::User, HolderKind::Group, HolderKind::Role][..]);
        let policy_kind = prop::sample::select(&[PolicyKind::System, PolicyKind::Custom][..]);
        (holder_kind, policy_kind, any::<[String; 2]>(), any::<i64>()).prop_map(
            |(holder_kind, policy_kind, [holder, policy], since)| {
                ((Holder::new(holder_kind, &holder), PolicyKey::new(policy_kind, &policy)), since)
            },
        )
    }

    prop_compose! {
        fn directory()(
            account_id in any::<String>(),
            access_keys in prop::collection::btree_map(any::<String>(), access_key(), 0..4),
            users in prop::collection::vec(user(), 0..3),
            groups in prop::collection::vec(group(), 0..3),
            roles in prop::collection::vec(role(), 0..3),
            providers in prop::collection::vec(oidc_provider(), 0..2),
            policies in prop::collection::vec(policy(), 0..3),
            attachments in prop::collection::vec(attachment(), 0..4),
        ) -> Directory {
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
            let document = directory.to_document().unwrap();
            prop_assert!(Directory::from_document(&document).unwrap() == directory);
        }
    }

    #[test]
    fn the_clouds_own_policies_are_not_stored() {
        let document = Directory::new("1", AccessKeys::new()).to_document().unwrap();
        assert!(!String::from_utf8(document.to_vec()).unwrap().contains("AdministratorAccess"));
    }
}
