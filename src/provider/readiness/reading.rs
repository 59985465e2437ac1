//! Reads what the checks are judged by.

use std::{future::Future, time::Duration};

use super::{
    check::Subject,
    inputs::{EffectivePolicies, EffectivePolicy, Inputs, Lookup},
    principal::{Principal, PrincipalKind},
    read_cache::ReadCache,
    read_error::ReadError,
    role,
};
use crate::session::Session;
use cloud::{
    CallContext,
    error::Error,
    kms::KeyMetadata,
    names::{GroupName, Region, RoleName, UserName},
    ram::{AttachedPolicy, PolicyDocument, PolicyId, RamClient, Role, RoleArn},
    sts::CallerIdentity,
};

/// Reads from the services, within the bounds of one operation, what is not cached yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) session: &'a Session,
    pub(crate) context: &'a CallContext,
    pub(crate) cache: &'a ReadCache,
    /// Whether a role that RAM does not know, or that was made just now and has no policies, is asked for again, for
    /// [`YOUNG_PAUSES`]: RAM is eventually consistent.
    pub(crate) waits_for_roles: bool,
}

/// The pauses before RAM is asked again about a role that may have been made a moment ago. How long RAM takes is not
/// documented; a few seconds is a guess. A plan cannot tell whether it is the one right before an apply, so that each
/// one that is going to fail waits this long, once.
const YOUNG_PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

type LookupResult<T> = Result<Lookup<T>, ReadError>;

impl Reader<'_> {
    /// Everything the checks of what is known need: `DescribeKey`, `GetCallerIdentity`, `GetRole`,
    /// `ListPoliciesForRole`, what the principal and its groups hold, and each policy that is not known by its name.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(crate) async fn read_inputs(&self, subject: &Subject) -> Result<Inputs, ReadError> {
        let inputs = Box::pin(self.read_service_inputs(subject)).await?;
        if subject.role.is_none() { Ok(inputs) } else { self.with_principal(subject, inputs).await }
    }

    /// The same inputs, with what the check of the principal needs.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(crate) async fn with_principal(
        &self,
        subject: &Subject,
        mut inputs: Inputs,
    ) -> Result<Inputs, ReadError> {
        let caller = self.caller().await?;
        inputs.principal = principal(subject, &caller);
        inputs.principal_policies = match &inputs.principal {
            Lookup::Found(principal) if can_be_read(principal, &caller) => {
                self.policies_of(principal).await?
            }
            _ => Lookup::Unknown("The policies of another account cannot be read.".to_owned()),
        };
        Ok(inputs)
    }

    /// The groups of the principal, as far as they can be read; only a user has any.
    ///
    /// # Errors
    ///
    /// The read failed, not being denied.
    pub(crate) async fn groups(&self, principal: &Principal) -> Result<Vec<GroupName>, ReadError> {
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
    pub(crate) async fn read_service_inputs(&self, subject: &Subject) -> Result<Inputs, ReadError> {
        let unread = |what: &str| format!("The {what} was not read.");
        let key = async {
            match &subject.key_id {
                Some(key_id) => self.key(&subject.region, key_id).await,
                None => Ok(Lookup::Unknown(unread("key"))),
            }
        };
        let role = async {
            match &subject.role {
                Some(arn) => self.role(arn, &self.caller().await?).await,
                None => Ok(Lookup::Unknown(unread("role"))),
            }
        };
        let (key, role) = tokio::try_join!(key, role)?;
        let role_policies = match &role {
            Lookup::Found(role) => self.policies_of_byok_role(role).await?,
            _ => Lookup::Unknown(unread("role")),
        };
        let (principal, principal_policies) =
            (Lookup::Unknown(unread("caller")), Lookup::Unknown(unread("caller")));
        Ok(Inputs { key, role, role_policies, principal, principal_policies })
    }

    /// The key: `DescribeKey`.
    ///
    /// # Errors
    ///
    /// The read failed, not being denied.
    pub(crate) async fn key(&self, region: &Region, key_id: &str) -> LookupResult<KeyMetadata> {
        let client = self.session.kms(region)?;
        let read = async { classify(client.describe_key(self.context, key_id).await) };
        self.cache.keys.get((region.to_string(), key_id.to_owned()), read).await
    }

    async fn caller(&self) -> LookupResult<CallerIdentity> {
        let account = self.session.account()?;
        let read = async { classify(account.identity(self.context).await.cloned()) };
        self.cache.caller.get((), read).await
    }

    /// RAM finds roles of the caller's account only, by their name.
    async fn role(&self, arn: &RoleArn, caller: &Lookup<CallerIdentity>) -> LookupResult<Role> {
        let foreign = |account_id: &str| {
            Lookup::Unknown(format!(
                "Role {arn} is of account {}, and the caller of account {account_id}: only roles of its own account can be read.",
                arn.account_id()
            ))
        };
        if let Some(caller) = caller.found().filter(|caller| caller.account_id != arn.account_id()) {
            return Ok(foreign(&caller.account_id));
        }
        let client = self.session.ram()?;
        let name = RoleName::from_answer(arn.role_name());
        let read =
            self.read_until(|read| matches!(read, Lookup::Absent), || client.get_role(self.context, &name));
        let role = self.cache.roles.get(arn.role_name().to_lowercase(), read).await?;
        Ok(match role {
            Lookup::Found(role) if !role.arn.is_same(arn) => foreign(role.arn.account_id()),
            role => role,
        })
    }

    /// The policies of the role that SLS assumes. Those of one that was made just now may not be seen yet.
    async fn policies_of_byok_role(&self, role: &Role) -> LookupResult<Vec<EffectivePolicy>> {
        let client = self.session.ram()?;
        let is_young = role.is_young(client.clock());
        let is_bare =
            |read: &Lookup<Vec<AttachedPolicy>>| is_young && read.found().is_some_and(Vec::is_empty);
        let name = &role.role_name;
        let read = self.read_until(is_bare, || client.list_policies_for_role(self.context, name));
        let attached = self.cache.role_policies.get(name.as_str().to_lowercase(), read).await?;
        self.with_documents(&client, attached).await
    }

    async fn policies_of_role(&self, name: &str) -> LookupResult<Vec<EffectivePolicy>> {
        let client = self.session.ram()?;
        let role = RoleName::from_answer(name);
        let read = async { classify(client.list_policies_for_role(self.context, &role).await) };
        let attached = self.cache.role_policies.get(name.to_lowercase(), read).await?;
        self.with_documents(&client, attached).await
    }

    /// Reads, and again after each of the [`YOUNG_PAUSES`] while the answer may be out of date.
    async fn read_until<T, F>(
        &self,
        may_be_old: impl Fn(&Lookup<T>) -> bool,
        ask: impl Fn() -> F,
    ) -> LookupResult<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let client = self.session.ram()?;
        let pauses = if self.waits_for_roles { &YOUNG_PAUSES[..] } else { &[] };
        for pause in pauses {
            let read = classify(ask().await)?;
            let clock = client.clock();
            if !may_be_old(&read) || self.context.bound(clock, clock.sleep(*pause)).await.is_err() {
                return Ok(read);
            }
        }
        classify(ask().await)
    }

    async fn policies_of(&self, principal: &Principal) -> LookupResult<EffectivePolicies> {
        let (policies, unread) = match &principal.kind {
            PrincipalKind::Account => return Ok(Lookup::Found(EffectivePolicies::default())),
            PrincipalKind::Role(name) => (self.policies_of_role(name).await?, Vec::new()),
            PrincipalKind::User(name) => match self.policies_of_user(name).await? {
                Lookup::Found(own) => {
                    let EffectivePolicies { policies, unread } = self.policies_of_groups(name).await?;
                    (Lookup::Found([own, policies].concat()), unread)
                }
                other => (other, Vec::new()),
            },
        };
        Ok(policies
            .without()
            .unwrap_or_else(|policies| Lookup::Found(EffectivePolicies { policies, unread })))
    }

    async fn policies_of_user(&self, name: &str) -> LookupResult<Vec<EffectivePolicy>> {
        let client = self.session.ram()?;
        let user = UserName::from_answer(name);
        let read = async { classify(client.list_policies_for_user(self.context, &user).await) };
        let attached = self.cache.user_policies.get(name.to_lowercase(), read).await?;
        self.with_documents(&client, attached).await
    }

    /// The policies of the user's groups; a group that was deleted meanwhile has none.
    async fn policies_of_groups(&self, user: &str) -> Result<EffectivePolicies, ReadError> {
        let mut effective = EffectivePolicies::default();
        let groups = match self.groups_of_user(user).await? {
            Lookup::Found(groups) => groups,
            Lookup::Denied(denied) => {
                effective.unread.push(denied);
                Vec::new()
            }
            Lookup::Absent | Lookup::Refused(_) | Lookup::Unknown(_) => Vec::new(),
        };
        for group in groups {
            match self.policies_of_group(&group).await? {
                Lookup::Found(policies) => effective.policies.extend(policies),
                Lookup::Denied(denied) => effective.unread.push(denied),
                Lookup::Absent | Lookup::Refused(_) | Lookup::Unknown(_) => {}
            }
        }
        Ok(effective)
    }

    async fn groups_of_user(&self, name: &str) -> LookupResult<Vec<GroupName>> {
        let client = self.session.ram()?;
        let user = UserName::from_answer(name);
        let read = async {
            let groups = client.list_groups_for_user(self.context, &user).await;
            classify(groups.map(|groups| groups.into_iter().map(|group| group.group_name).collect()))
        };
        self.cache.user_groups.get(name.to_lowercase(), read).await
    }

    async fn policies_of_group(&self, group: &GroupName) -> LookupResult<Vec<EffectivePolicy>> {
        let client = self.session.ram()?;
        let read = async { classify(client.list_policies_for_group(self.context, group).await) };
        let attached = self.cache.group_policies.get(group.as_str().to_lowercase(), read).await?;
        self.with_documents(&client, attached).await
    }

    /// The attached policies with their documents.
    async fn with_documents(
        &self,
        client: &RamClient,
        attached: Lookup<Vec<AttachedPolicy>>,
    ) -> LookupResult<Vec<EffectivePolicy>> {
        let attached = match attached.without() {
            Err(attached) => attached,
            Ok(nothing) => return Ok(nothing),
        };
        let mut held = Vec::new();
        for AttachedPolicy { id, .. } in attached {
            match self.document(client, &id).await? {
                // Deleted, and so detached, between two calls.
                Lookup::Absent => {}
                document => held.push(EffectivePolicy { id, document }),
            }
        }
        Ok(Lookup::Found(held))
    }

    async fn document(&self, client: &RamClient, id: &PolicyId) -> LookupResult<PolicyDocument> {
        if let Some(document) = role::known_document(id) {
            return Ok(Lookup::Found(document));
        }
        let read = async {
            let read = classify(client.get_policy(self.context, id).await)?;
            Ok(read
                .without()
                .unwrap_or_else(|policy| parsed(policy.default_policy_version.policy_document.as_deref())))
        };
        self.cache.documents.get(id.clone(), read).await
    }
}

fn classify<T>(answer: Result<T, Error>) -> LookupResult<T> {
    Lookup::from_result(answer).map_err(ReadError::Call)
}

fn parsed(document: Option<&str>) -> Lookup<PolicyDocument> {
    match PolicyDocument::parse(document.unwrap_or_default()) {
        Ok(document) => Lookup::Found(document),
        Err(problem) => Lookup::Unknown(problem.to_string()),
    }
}

/// Who configures encryption: the one that is named, else the caller.
fn principal(subject: &Subject, caller: &Lookup<CallerIdentity>) -> Lookup<Principal> {
    if let Some(principal) = &subject.principal {
        return Lookup::Found(principal.clone());
    }
    caller.clone().without().unwrap_or_else(|caller| {
        Principal::of_caller(&caller).map_or_else(
            || {
                Lookup::Unknown(format!(
                    "The caller is {}, which is not a form that RAM documents.",
                    caller.arn
                ))
            },
            Lookup::Found,
        )
    })
}

/// RAM shows policies of the caller's own account. If the account is not known, the read is tried.
fn can_be_read(principal: &Principal, caller: &Lookup<CallerIdentity>) -> bool {
    caller.found().is_none_or(|caller| caller.account_id == principal.account_id)
}
