//! The actual state of a BYOK role, and how it is read from RAM.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::bound_role::{BoundRole, custom_policy};
use super::desired::{
    DesiredRole, KMS_POLICIES, Principal, PrincipalKind, UNFINISHED_DESCRIPTION, pass_role_description,
    role_of_description,
};
use super::same_name;
use crate::error::{Error, ErrorKind};
use crate::names::{GroupName, RoleName, UserName};
use crate::ram::{PolicyDocument, PolicyEntities, PolicyId, PolicyKind, Role, RoleArn, is_young};

/// The actual state of a BYOK role, with its policies and tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActualRole {
    /// The description; empty if the role has none.
    pub description: String,
    /// The longest session of the role, in seconds.
    pub max_session_duration: i64,
    /// Whether the trust policy is equivalent to the desired one.
    pub trust_policy_matches: bool,
    /// The role's tags.
    pub tags: BTreeMap<String, String>,
    /// The policies attached to the role.
    pub attached: Vec<AttachedPolicy>,
    /// The policy that lets principals pass the role; `None` if it does not exist or is not managed.
    pub pass_role: Option<ActualPassRole>,
}

/// The policy that lets principals pass the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActualPassRole {
    /// The custom policy's name.
    pub policy_name: String,
    /// Whether its document is equivalent to the desired one.
    pub document_matches: bool,
    /// The principals that the policy is attached to.
    pub principals: BTreeSet<Principal>,
}

/// A policy that is attached to the role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Whether it is a policy of Alibaba Cloud (`PolicyType` `System`) and not of the account (`Custom`).
    pub is_system: bool,
    /// Whether its description is that of a policy that lets principals pass a BYOK role. Such a policy of another role
    /// is attached to this one if this role is one of the principals that may pass the other.
    pub is_pass_role: bool,
}

impl AttachedPolicy {
    /// `PolicyType` on the wire.
    pub fn policy_type(&self) -> &'static str {
        if self.is_system { "System" } else { "Custom" }
    }

    /// Whether another writer has attached it.
    pub fn is_foreign(&self) -> bool {
        !self.is_for_kms() && !self.is_pass_role
    }

    /// Whether it is one of the [`KMS_POLICIES`].
    pub fn is_for_kms(&self) -> bool {
        self.is_system && KMS_POLICIES.iter().any(|name| same_name(name, &self.name))
    }
}

impl ActualRole {
    /// The state that `GetRole` shows: without policies and tags.
    pub(super) fn without_policies(role: &Role) -> Self {
        Self {
            description: role.description.clone(),
            max_session_duration: role.max_session_duration,
            trust_policy_matches: is_document(
                &role.assume_role_policy_document,
                &PolicyDocument::byok_trust(),
            ),
            tags: BTreeMap::new(),
            attached: Vec::new(),
            pass_role: None,
        }
    }

    /// The state of a role that is exactly as desired.
    pub(super) fn as_desired(desired: &DesiredRole) -> Self {
        let kms_policy =
            |name: &str| AttachedPolicy { name: name.to_owned(), is_system: true, is_pass_role: false };
        Self {
            description: desired.description.clone(),
            max_session_duration: desired.max_session_duration,
            trust_policy_matches: true,
            tags: desired.tags.clone(),
            attached: KMS_POLICIES.map(kms_policy).into(),
            pass_role: desired.pass_role.as_ref().map(|pass_role| ActualPassRole {
                policy_name: pass_role.policy_name.clone(),
                document_matches: true,
                principals: pass_role.principals.clone(),
            }),
        }
    }

    /// Whether the role was created and not finished.
    pub fn is_unfinished(&self) -> bool {
        self.description == UNFINISHED_DESCRIPTION
    }

    /// The [`KMS_POLICIES`] that are attached.
    pub fn kms_policies(&self) -> impl Iterator<Item = &'static str> {
        KMS_POLICIES.into_iter().filter(|name| {
            self.attached.iter().any(|policy| policy.is_system && same_name(&policy.name, name))
        })
    }

    /// The policies that other writers have attached.
    pub fn foreign_policies(&self) -> impl Iterator<Item = &AttachedPolicy> {
        self.attached.iter().filter(|policy| policy.is_foreign())
    }
}

/// A role as RAM describes it, with its policies and tags.
#[derive(Clone, Debug)]
pub struct FoundRole {
    /// The role as RAM describes it.
    pub role: Role,
    /// The state that is compared with the desired one.
    pub actual: ActualRole,
    /// The policy that lets principals pass the role.
    pub pass_role: Option<PassRolePolicy>,
}

/// A policy that lets principals pass a role, as RAM describes it.
#[derive(Clone, Debug)]
pub struct PassRolePolicy {
    /// Its name, as RAM spells it.
    pub name: String,
    /// The document of its default version.
    pub document: String,
    /// Whether its description is [`pass_role_description`] for this role.
    pub is_ours: bool,
    /// The role that its description names, if it has the form of [`pass_role_description`].
    pub of_role: Option<String>,
}

/// The code with which `GetRole` answers that the role does not exist.
const ABSENT: &str = "EntityNotExist.Role";

/// The pauses before reads that contradict each other are repeated. RAM is eventually consistent: after one of its
/// servers has shown a role, another one may not know it yet. How long that lasts is not documented; a few seconds is a
/// guess.
pub(super) const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

impl PassRolePolicy {
    /// Whether its description says that it belongs to another role.
    pub(super) fn is_of_another(&self, role: &str) -> bool {
        self.of_role.as_deref().is_some_and(|of_role| !same_name(of_role, role))
    }
}

impl BoundRole<'_> {
    /// Reads the role as [`BoundRole::read`] does. `NotFound` counts only if RAM repeats it: once, or for some seconds
    /// if the role is young or its age is not known.
    ///
    /// # Errors
    ///
    /// As [`BoundRole::read`].
    pub async fn read_confirming_absence(
        &self,
        pass_role_policy: Option<&str>,
        create_date: Option<&str>,
    ) -> Result<FoundRole, Error> {
        let pauses = if is_young(create_date, self.clock) { &PAUSES[..] } else { &PAUSES[..1] };
        let mut pauses = pauses.iter();
        loop {
            let outcome = self.read(pass_role_policy).await;
            match (&outcome, pauses.next()) {
                (Err(error), Some(pause)) if error.kind() == ErrorKind::NotFound => {
                    if self.sleep(*pause).await.is_err() {
                        return Err(self.contradicted(error));
                    }
                }
                _ => return outcome,
            }
        }
    }

    /// Reads the role with its policies and tags: three calls, and two more if the policy that lets principals pass the
    /// role is managed. If RAM shows the role and then answers that it does not exist, everything is read again, for
    /// some seconds.
    ///
    /// # Errors
    ///
    /// `NotFound` only if `GetRole` answers that the role does not exist; `Unexpected` if RAM keeps contradicting
    /// itself; otherwise the error of the call.
    pub async fn read(&self, pass_role_policy: Option<&str>) -> Result<FoundRole, Error> {
        let mut pauses = PAUSES.iter();
        let mut contradiction: Option<Error> = None;
        loop {
            let error = match self.read_once(pass_role_policy).await {
                Err(error) if error.kind() == ErrorKind::NotFound && error.action() != "GetRole" => error,
                Err(error) if error.kind() == ErrorKind::NotFound && !error.is_code(ABSENT) => {
                    return Err(self.contradicted(&error));
                }
                outcome => {
                    return outcome.map_err(|error| self.read_again_error(error, contradiction.as_ref()));
                }
            };
            self.pause_to_read_again(&mut pauses, &error).await?;
            contradiction = Some(error);
        }
    }

    /// Waits before RAM is read again after a contradiction.
    ///
    /// # Errors
    ///
    /// `Unexpected` if there is no pause left, or the operation ends during the pause.
    pub(super) async fn pause_to_read_again(
        &self,
        pauses: &mut std::slice::Iter<'_, Duration>,
        error: &Error,
    ) -> Result<(), Error> {
        match pauses.next() {
            Some(pause) if self.sleep(*pause).await.is_ok() => Ok(()),
            _ => Err(self.contradicted(error)),
        }
    }

    /// The policies attached to the role; empty if `GetRole` answers that the role does not exist.
    ///
    /// # Errors
    ///
    /// `Unexpected` if RAM keeps contradicting itself; otherwise the error of the call.
    pub(super) async fn attached_or_none(&self) -> Result<Vec<AttachedPolicy>, Error> {
        let mut pauses = PAUSES.iter();
        let mut contradiction: Option<Error> = None;
        loop {
            let error = match self.attached().await {
                Err(error) if error.kind() == ErrorKind::NotFound => error,
                outcome => {
                    return outcome.map_err(|error| self.read_again_error(error, contradiction.as_ref()));
                }
            };
            match self.client.get_role(self.context, self.name).await {
                Ok(_) => self.pause_to_read_again(&mut pauses, &error).await?,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(of_role) => return Err(self.read_again_error(of_role, Some(&error))),
            }
            contradiction = Some(error);
        }
    }

    /// The error of a read that follows a contradiction. If the deadline ended the read, the contradiction is reported.
    fn read_again_error(&self, error: Error, contradiction: Option<&Error>) -> Error {
        match contradiction {
            Some(contradiction) if error.kind() == ErrorKind::Timeout => self.contradicted(contradiction),
            _ => error,
        }
    }

    /// The error of an answer that something does not exist, if that does not prove that the role does not exist.
    fn contradicted(&self, error: &Error) -> Error {
        let message = format!(
            "{} answered that it does not exist ({}), which is not taken for RAM's word that there is no role {}: RAM has to say so again where it is asked for the role itself",
            error.action(),
            error.code().unwrap_or_default(),
            self.name
        );
        error.clone().with_kind(ErrorKind::Unexpected).with_message(message)
    }

    async fn read_once(&self, pass_role_policy: Option<&str>) -> Result<FoundRole, Error> {
        let role = self.client.get_role(self.context, self.name).await?;
        self.read_belongings(role, pass_role_policy).await
    }

    /// Reads what belongs to a role that `GetRole` has just described: two calls, and two more where the policy is
    /// looked after that lets principals pass the role.
    ///
    /// # Errors
    ///
    /// That of the call; `NotFound` if RAM has given the role and then says that it does not know it.
    pub async fn read_belongings(
        &self,
        role: Role,
        pass_role_policy: Option<&str>,
    ) -> Result<FoundRole, Error> {
        let attached = self.attached().await?;
        let tags = self.tags().await?;
        let (actual_pass_role, pass_role) = match pass_role_policy {
            Some(name) => self.pass_role(name, &role.arn).await?.unzip(),
            None => (None, None),
        };
        let actual =
            ActualRole { tags, attached, pass_role: actual_pass_role, ..ActualRole::without_policies(&role) };
        Ok(FoundRole { role, actual, pass_role })
    }

    /// The policies attached to the role.
    ///
    /// # Errors
    ///
    /// `NotFound` if the role does not exist; otherwise the error of the call.
    pub(super) async fn attached(&self) -> Result<Vec<AttachedPolicy>, Error> {
        let listed = self.client.list_policies_for_role(self.context, self.name).await?;
        let attached = listed.into_iter().map(|policy| AttachedPolicy {
            name: policy.id.policy_name.as_str().to_owned(),
            is_system: policy.id.policy_type == PolicyKind::System,
            is_pass_role: policy.id.policy_type == PolicyKind::Custom
                && role_of_description(&policy.description).is_some(),
        });
        Ok(attached.collect())
    }

    /// The role's tags, without those that Alibaba Cloud sets itself.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub(super) async fn tags(&self) -> Result<BTreeMap<String, String>, Error> {
        let (mut tags, mut next_token) = (BTreeMap::new(), None);
        loop {
            let page = self.client.list_tag_resources(self.context, self.name, next_token.as_deref()).await?;
            let ours = page.tags.into_iter().filter(|tag| !is_set_by_cloud(&tag.key));
            tags.extend(ours.map(|tag| (tag.key, tag.value)));
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(tags);
            }
        }
    }

    /// The policy that lets principals pass the role, if it exists and does not belong to another role.
    ///
    /// # Errors
    ///
    /// The error of the call; `NotFound` if RAM shows the policy and then answers that it does not exist.
    pub(super) async fn pass_role(
        &self,
        name: &str,
        arn: &RoleArn,
    ) -> Result<Option<(ActualPassRole, PassRolePolicy)>, Error> {
        let id = custom_policy(name)?;
        let Some(policy) = self.policy(&id).await?.filter(|policy| !policy.is_of_another(self.name.as_str()))
        else {
            return Ok(None);
        };
        let entities = self.client.list_entities_for_policy(self.context, &id).await?;
        let actual = ActualPassRole {
            policy_name: policy.name.clone(),
            document_matches: is_document(&policy.document, &PolicyDocument::pass_role(arn)),
            principals: principals(&entities),
        };
        Ok(Some((actual, policy)))
    }

    /// The document of the policy of this name, if it exists and belongs to no BYOK role. A create that needs the name
    /// fails then.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn foreign_policy_document(&self, name: &str) -> Result<Option<String>, Error> {
        let found = self.policy(&custom_policy(name)?).await?;
        Ok(found.filter(|policy| !policy.is_ours && policy.of_role.is_none()).map(|policy| policy.document))
    }

    /// The principals that do not exist, as RAM answers. A principal whose read fails is not one of them.
    pub async fn missing_principals<'p>(
        &self,
        principals: impl Iterator<Item = &'p Principal>,
    ) -> Vec<&'p Principal> {
        let read = |principal: &'p Principal| async move {
            let is_missing =
                self.read_principal(principal).await.is_err_and(|error| error.kind() == ErrorKind::NotFound);
            is_missing.then_some(principal)
        };
        join_all(principals.map(read)).await.into_iter().flatten().collect()
    }

    async fn read_principal(&self, principal: &Principal) -> Result<(), Error> {
        let (client, context) = (self.client, self.context);
        let name = &principal.name;
        match principal.kind {
            PrincipalKind::User => client.get_user(context, &UserName::from_answer(name)).await.map(drop),
            // The preflight calls ListPoliciesForGroup as well, so this needs no other permission. GetGroup would.
            PrincipalKind::Group => {
                client.list_policies_for_group(context, &GroupName::from_answer(name)).await.map(drop)
            }
            PrincipalKind::Role => client.get_role(context, &RoleName::from_answer(name)).await.map(drop),
        }
    }

    /// A policy, if it exists.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub(super) async fn policy(&self, id: &PolicyId) -> Result<Option<PassRolePolicy>, Error> {
        match self.client.get_policy(self.context, id).await {
            Ok(found) => Ok(Some(PassRolePolicy {
                name: found.policy.id.policy_name.as_str().to_owned(),
                document: found.default_policy_version.policy_document.unwrap_or_default(),
                is_ours: found.policy.description.eq_ignore_ascii_case(&pass_role_description(self.name)),
                of_role: role_of_description(&found.policy.description).map(str::to_owned),
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The beginnings of the tag keys that only Alibaba Cloud may set. Letter case does not count. Source:
/// aliyun/terraform-provider-alicloud, issues 6191 and 6245.
pub const RESERVED_TAGS: [&str; 2] = ["acs:", "aliyun"];

fn is_set_by_cloud(key: &str) -> bool {
    let key = key.to_lowercase();
    RESERVED_TAGS.iter().any(|start| key.starts_with(start))
}

/// Whether a text is a policy document with the same meaning.
pub(super) fn is_document(text: &str, desired: &PolicyDocument) -> bool {
    PolicyDocument::parse(text).is_ok_and(|document| document == *desired)
}

pub(super) fn principals(entities: &PolicyEntities) -> BTreeSet<Principal> {
    let principal = |kind, name: &str| Principal { kind, name: name.to_owned() };
    let users = entities.users.iter().map(|user| principal(PrincipalKind::User, user.user_name.as_str()));
    let groups =
        entities.groups.iter().map(|group| principal(PrincipalKind::Group, group.group_name.as_str()));
    let roles = entities.roles.iter().map(|role| principal(PrincipalKind::Role, role.role_name.as_str()));
    users.chain(groups).chain(roles).collect()
}
