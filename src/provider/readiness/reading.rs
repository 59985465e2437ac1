//! Reads what the checks are judged by.

use super::{
    Subject,
    facts::{Facts, HeldPolicy, Holdings, Read},
    memory::Memory,
    principal::{Principal, PrincipalKind},
    role,
};
use crate::{
    cloud::{
        CallContext,
        error::Error,
        kms::KeyMetadata,
        names::{GroupName, Region, RoleName, UserName},
        ram::{AttachedPolicy, PolicyDocument, PolicyId, RamClient, Role},
        sts::CallerIdentity,
    },
    provider::{
        errors,
        session::{NoClient, Session},
    },
    schema::Diagnostic,
};

/// Reads from the services, within the bounds of one operation, what is not in the memory yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Reader<'a> {
    pub(in crate::provider) session: &'a Session,
    pub(in crate::provider) context: &'a CallContext,
    pub(in crate::provider) memory: &'a Memory,
}

/// Why something could not be read. That it does not exist, or that reading it is denied, is none of these.
#[derive(Clone, Debug)]
pub(in crate::provider) enum ReadError {
    /// There is no client.
    NoClient(NoClient),
    /// The call failed.
    Call(Error),
}

type Answer<T> = Result<Read<T>, ReadError>;

impl Reader<'_> {
    /// Everything the checks need: `DescribeKey`, `GetCallerIdentity`, `GetRole`, `ListPoliciesForRole`, what the
    /// principal and its groups hold, and each policy that is not known by its name.
    ///
    /// # Errors
    ///
    /// The first read that failed, not being denied.
    pub(in crate::provider) async fn facts(&self, subject: &Subject) -> Result<Facts, ReadError> {
        let (key, caller) = tokio::try_join!(self.key(&subject.region, &subject.key_id), self.caller())?;
        let role = self.role(subject, &caller).await?;
        let role_policies = match &role {
            Read::Found(role) => self.policies_of_role(role.role_name.as_str()).await?,
            _ => Read::Unknown("The role was not read.".to_owned()),
        };
        let principal = principal(subject, &caller);
        let principal_policies = match &principal {
            Read::Found(principal) if can_be_read(principal, &caller) => self.holdings(principal).await?,
            _ => Read::Unknown("The policies of another account cannot be read.".to_owned()),
        };
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
    async fn role(&self, subject: &Subject, caller: &Read<CallerIdentity>) -> Answer<Role> {
        let arn = &subject.role;
        let foreign = |account_id: &str| {
            Read::Unknown(format!(
                "The role {arn} is of account {}, and the caller of account {account_id}: only roles of its own account can be read.",
                arn.account_id()
            ))
        };
        if let Some(caller) = caller.found().filter(|caller| caller.account_id != arn.account_id()) {
            return Ok(foreign(&caller.account_id));
        }
        let client = self.session.ram()?;
        let name = RoleName::answered(arn.role_name());
        let read = async { told(client.get_role(self.context, &name).await) };
        let role = self.memory.roles.get(arn.role_name().to_lowercase(), read).await?;
        Ok(match role {
            Read::Found(role) if !role.arn.is_same(arn) => foreign(role.arn.account_id()),
            role => role,
        })
    }

    async fn policies_of_role(&self, name: &str) -> Answer<Vec<HeldPolicy>> {
        let client = self.session.ram()?;
        let role = RoleName::answered(name);
        let read = async { told(client.list_policies_for_role(self.context, &role).await) };
        let attached = self.memory.role_policies.get(name.to_lowercase(), read).await?;
        self.held(&client, attached).await
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
        Ok(match policies {
            Read::Found(policies) => Read::Found(Holdings { policies, unread }),
            Read::Absent => Read::Absent,
            Read::Denied(denied) => Read::Denied(denied),
            Read::Unknown(why) => Read::Unknown(why),
        })
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
            Read::Absent | Read::Unknown(_) => Vec::new(),
        };
        for group in groups {
            match self.policies_of_group(&group).await? {
                Read::Found(policies) => holdings.policies.extend(policies),
                Read::Denied(denied) => holdings.unread.push(denied),
                Read::Absent | Read::Unknown(_) => {}
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
        let attached = match attached {
            Read::Found(attached) => attached,
            Read::Absent => return Ok(Read::Absent),
            Read::Denied(denied) => return Ok(Read::Denied(denied)),
            Read::Unknown(why) => return Ok(Read::Unknown(why)),
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
            Ok(match told(client.get_policy(self.context, id).await)? {
                Read::Found(policy) => parsed(policy.default_policy_version.policy_document.as_deref()),
                Read::Absent => Read::Absent,
                Read::Denied(denied) => Read::Denied(denied),
                Read::Unknown(why) => Read::Unknown(why),
            })
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
    match caller {
        Read::Found(caller) => Principal::of_caller(caller).map_or_else(
            || Read::Unknown(format!("The caller is {}, which is no form that RAM documents.", caller.arn)),
            Read::Found,
        ),
        Read::Denied(denied) => Read::Denied(denied.clone()),
        Read::Absent => Read::Absent,
        Read::Unknown(why) => Read::Unknown(why.clone()),
    }
}

/// RAM shows policies of the caller's own account. Where the account is not known, asking tells.
fn can_be_read(principal: &Principal, caller: &Read<CallerIdentity>) -> bool {
    caller.found().is_none_or(|caller| caller.account_id == principal.account_id)
}

impl ReadError {
    /// What the person who ran Terraform is told.
    pub(in crate::provider) fn diagnostic(self, doing: &str) -> Diagnostic {
        match self {
            ReadError::NoClient(reason) => reason.into(),
            ReadError::Call(error) => errors::of_call(doing, &error),
        }
    }
}

impl From<NoClient> for ReadError {
    fn from(reason: NoClient) -> Self {
        ReadError::NoClient(reason)
    }
}
