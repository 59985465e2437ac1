//! Reads what the checks are judged by.

use std::{future::Future, time::Duration};

use super::{
    check::Subject,
    facts::{Facts, HeldPolicy, Holdings, Read},
    memory::Memory,
    principal::{Principal, PrincipalKind},
    read_error::ReadError,
    role,
};
use crate::{
    cloud::{
        CallContext,
        error::Error,
        kms::KeyMetadata,
        names::{GroupName, Region, RoleName, UserName},
        ram::{AttachedPolicy, PolicyDocument, PolicyId, RamClient, Role, RoleArn},
        sts::CallerIdentity,
    },
    provider::session::Session,
};

/// Reads from the services, within the bounds of one operation, what is not in the memory yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Reader<'a> {
    pub(in crate::provider) session: &'a Session,
    pub(in crate::provider) context: &'a CallContext,
    pub(in crate::provider) memory: &'a Memory,
    /// Whether a role that RAM does not know, or that was made just now and has no policies, is asked for again, for
    /// [`YOUNG_PAUSES`]: RAM is eventually consistent.
    pub(in crate::provider) waits_for_roles: bool,
}

/// The pauses before RAM is asked again about a role that may have been made a moment ago. How long RAM takes is not
/// documented; a few seconds is a guess. A plan cannot tell whether it is the one right before an apply, so that each
/// one that is going to fail waits this long, once.
const YOUNG_PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

type Answer<T> = Result<Read<T>, ReadError>;

impl Reader<'_> {
    /// Everything the checks of what is known need: `DescribeKey`, `GetCallerIdentity`, `GetRole`,
    /// `ListPoliciesForRole`, what the principal and its groups hold, and each policy that is not known by its name.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(in crate::provider) async fn facts(&self, subject: &Subject) -> Result<Facts, ReadError> {
        let facts = Box::pin(self.facts_of_service(subject)).await?;
        if subject.role.is_none() { Ok(facts) } else { self.with_principal(subject, facts).await }
    }

    /// The same facts, with what the check of the principal needs.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(in crate::provider) async fn with_principal(
        &self,
        subject: &Subject,
        mut facts: Facts,
    ) -> Result<Facts, ReadError> {
        let caller = self.caller().await?;
        facts.principal = principal(subject, &caller);
        facts.principal_policies = match &facts.principal {
            Read::Found(principal) if can_be_read(principal, &caller) => self.holdings(principal).await?,
            _ => Read::Unknown("The policies of another account cannot be read.".to_owned()),
        };
        Ok(facts)
    }

    /// The groups of the principal, as far as they can be read; only a user has any.
    ///
    /// # Errors
    ///
    /// The read failed, not being denied.
    pub(in crate::provider) async fn groups(
        &self,
        principal: &Principal,
    ) -> Result<Vec<GroupName>, ReadError> {
        match &principal.kind {
            PrincipalKind::User(name) => {
                Ok(self.groups_of_user(name).await?.without::<()>().err().unwrap_or_default())
            }
            PrincipalKind::Account | PrincipalKind::Role(_) => Ok(Vec::new()),
        }
    }

    /// What the checks of key and role need; of the principal nothing is read.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(in crate::provider) async fn facts_of_service(&self, subject: &Subject) -> Result<Facts, ReadError> {
        let unread = |what: &str| format!("The {what} was not read.");
        let key = async {
            match &subject.key_id {
                Some(key_id) => self.key(&subject.region, key_id).await,
                None => Ok(Read::Unknown(unread("key"))),
            }
        };
        let role = async {
            match &subject.role {
                Some(arn) => self.role(arn, &self.caller().await?).await,
                None => Ok(Read::Unknown(unread("role"))),
            }
        };
        let (key, role) = tokio::try_join!(key, role)?;
        let role_policies = match &role {
            Read::Found(role) => self.policies_of_byok_role(role).await?,
            _ => Read::Unknown(unread("role")),
        };
        let (principal, principal_policies) =
            (Read::Unknown(unread("caller")), Read::Unknown(unread("caller")));
        Ok(Facts { key, role, role_policies, principal, principal_policies })
    }

    /// The key: `DescribeKey`.
    ///
    /// # Errors
    ///
    /// The read failed, not being denied.
    pub(in crate::provider) async fn key(&self, region: &Region, key_id: &str) -> Answer<KeyMetadata> {
        let client = self.session.kms(region)?;
        let read = async { told(client.describe_key(self.context, key_id).await) };
        self.memory.keys.get((region.to_string(), key_id.to_owned()), read).await
    }

    async fn caller(&self) -> Answer<CallerIdentity> {
        let account = self.session.account()?;
        let read = async { told(account.identity(self.context).await.cloned()) };
        self.memory.caller.get((), read).await
    }

    /// RAM finds roles of the caller's account only, by their name.
    async fn role(&self, arn: &RoleArn, caller: &Read<CallerIdentity>) -> Answer<Role> {
        let foreign = |account_id: &str| {
            Read::Unknown(format!(
                "Role {arn} is of account {}, and the caller of account {account_id}: only roles of its own account can be read.",
                arn.account_id()
            ))
        };
        if let Some(caller) = caller.found().filter(|caller| caller.account_id != arn.account_id()) {
            return Ok(foreign(&caller.account_id));
        }
        let client = self.session.ram()?;
        let name = RoleName::answered(arn.role_name());
        let read =
            self.read_until(|read| matches!(read, Read::Absent), || client.get_role(self.context, &name));
        let role = self.memory.roles.get(arn.role_name().to_lowercase(), read).await?;
        Ok(match role {
            Read::Found(role) if !role.arn.is_same(arn) => foreign(role.arn.account_id()),
            role => role,
        })
    }

    /// The policies of the role that SLS assumes. Those of one that was made just now may not be seen yet.
    async fn policies_of_byok_role(&self, role: &Role) -> Answer<Vec<HeldPolicy>> {
        let client = self.session.ram()?;
        let is_young = role.is_young(client.clock());
        let is_bare = |read: &Read<Vec<AttachedPolicy>>| is_young && read.found().is_some_and(Vec::is_empty);
        let name = &role.role_name;
        let read = self.read_until(is_bare, || client.list_policies_for_role(self.context, name));
        let attached = self.memory.role_policies.get(name.as_str().to_lowercase(), read).await?;
        self.held(&client, attached).await
    }

    async fn policies_of_role(&self, name: &str) -> Answer<Vec<HeldPolicy>> {
        let client = self.session.ram()?;
        let role = RoleName::answered(name);
        let read = async { told(client.list_policies_for_role(self.context, &role).await) };
        let attached = self.memory.role_policies.get(name.to_lowercase(), read).await?;
        self.held(&client, attached).await
    }

    /// Reads, and again after each of the [`YOUNG_PAUSES`] while the answer may be out of date.
    async fn read_until<T, F>(&self, may_be_old: impl Fn(&Read<T>) -> bool, ask: impl Fn() -> F) -> Answer<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let client = self.session.ram()?;
        let pauses = if self.waits_for_roles { &YOUNG_PAUSES[..] } else { &[] };
        for pause in pauses {
            let read = told(ask().await)?;
            let clock = client.clock();
            if !may_be_old(&read) || self.context.bound(clock, clock.sleep(*pause)).await.is_err() {
                return Ok(read);
            }
        }
        told(ask().await)
    }

    async fn holdings(&self, principal: &Principal) -> Answer<Holdings> {
        let (policies, unread) = match &principal.kind {
            PrincipalKind::Account => return Ok(Read::Found(Holdings::default())),
            PrincipalKind::Role(name) => (self.policies_of_role(name).await?, Vec::new()),
            PrincipalKind::User(name) => match self.policies_of_user(name).await? {
                Read::Found(own) => {
                    let Holdings { policies, unread } = self.policies_of_groups(name).await?;
                    (Read::Found([own, policies].concat()), unread)
                }
                other => (other, Vec::new()),
            },
        };
        Ok(policies.without().unwrap_or_else(|policies| Read::Found(Holdings { policies, unread })))
    }

    async fn policies_of_user(&self, name: &str) -> Answer<Vec<HeldPolicy>> {
        let client = self.session.ram()?;
        let user = UserName::answered(name);
        let read = async { told(client.list_policies_for_user(self.context, &user).await) };
        let attached = self.memory.user_policies.get(name.to_lowercase(), read).await?;
        self.held(&client, attached).await
    }

    /// What the user's groups hold; a group that is gone meanwhile holds nothing.
    async fn policies_of_groups(&self, user: &str) -> Result<Holdings, ReadError> {
        let mut holdings = Holdings::default();
        let groups = match self.groups_of_user(user).await? {
            Read::Found(groups) => groups,
            Read::Denied(denied) => {
                holdings.unread.push(denied);
                Vec::new()
            }
            Read::Absent | Read::Refused(_) | Read::Unknown(_) => Vec::new(),
        };
        for group in groups {
            match self.policies_of_group(&group).await? {
                Read::Found(policies) => holdings.policies.extend(policies),
                Read::Denied(denied) => holdings.unread.push(denied),
                Read::Absent | Read::Refused(_) | Read::Unknown(_) => {}
            }
        }
        Ok(holdings)
    }

    async fn groups_of_user(&self, name: &str) -> Answer<Vec<GroupName>> {
        let client = self.session.ram()?;
        let user = UserName::answered(name);
        let read = async {
            let groups = client.list_groups_for_user(self.context, &user).await;
            told(groups.map(|groups| groups.into_iter().map(|group| group.group_name).collect()))
        };
        self.memory.user_groups.get(name.to_lowercase(), read).await
    }

    async fn policies_of_group(&self, group: &GroupName) -> Answer<Vec<HeldPolicy>> {
        let client = self.session.ram()?;
        let read = async { told(client.list_policies_for_group(self.context, group).await) };
        let attached = self.memory.group_policies.get(group.as_str().to_lowercase(), read).await?;
        self.held(&client, attached).await
    }

    /// The attached policies with their documents.
    async fn held(&self, client: &RamClient, attached: Read<Vec<AttachedPolicy>>) -> Answer<Vec<HeldPolicy>> {
        let attached = match attached.without() {
            Err(attached) => attached,
            Ok(nothing) => return Ok(nothing),
        };
        let mut held = Vec::new();
        for AttachedPolicy { id, .. } in attached {
            match self.document(client, &id).await? {
                // Deleted, and so detached, between two calls.
                Read::Absent => {}
                document => held.push(HeldPolicy { id, document }),
            }
        }
        Ok(Read::Found(held))
    }

    async fn document(&self, client: &RamClient, id: &PolicyId) -> Answer<PolicyDocument> {
        if let Some(document) = role::known_document(id) {
            return Ok(Read::Found(document));
        }
        let read = async {
            let read = told(client.get_policy(self.context, id).await)?;
            Ok(read
                .without()
                .unwrap_or_else(|policy| parsed(policy.default_policy_version.policy_document.as_deref())))
        };
        self.memory.documents.get(id.clone(), read).await
    }
}

fn told<T>(answer: Result<T, Error>) -> Answer<T> {
    Read::of(answer).map_err(ReadError::Call)
}

fn parsed(document: Option<&str>) -> Read<PolicyDocument> {
    match PolicyDocument::parse(document.unwrap_or_default()) {
        Ok(document) => Read::Found(document),
        Err(problem) => Read::Unknown(problem.to_string()),
    }
}

/// Who configures encryption: the one that is named, else the caller.
fn principal(subject: &Subject, caller: &Read<CallerIdentity>) -> Read<Principal> {
    if let Some(principal) = &subject.principal {
        return Read::Found(principal.clone());
    }
    caller.clone().without().unwrap_or_else(|caller| {
        Principal::of_caller(&caller).map_or_else(
            || Read::Unknown(format!("The caller is {}, which is no form that RAM documents.", caller.arn)),
            Read::Found,
        )
    })
}

/// RAM shows policies of the caller's own account. Where the account is not known, asking tells.
fn can_be_read(principal: &Principal, caller: &Read<CallerIdentity>) -> bool {
    caller.found().is_none_or(|caller| caller.account_id == principal.account_id)
}
