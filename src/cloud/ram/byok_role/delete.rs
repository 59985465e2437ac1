//! Removes a BYOK role with everything that belongs to it.

use std::collections::BTreeSet;

use super::actual::AttachedPolicy;
use super::actual::principals;
use super::bound::{BoundRole, custom_policy, ignore_not_found};
use crate::error::{Error, ErrorKind};
use crate::names::PolicyName;
use crate::ram::PolicyId;

/// How often everything is detached and the role deleted, while others attach policies to it meanwhile.
const ROUNDS: u32 = 5;

/// Why a role was not removed.
#[derive(Debug)]
pub enum DeleteRoleError {
    /// The call failed.
    Call(Error),
    /// Others have attached policies, which are not to be detached. Nothing was changed.
    ForeignPolicies(Vec<AttachedPolicy>),
    /// Others attach policies each time they are detached.
    AttachedMeanwhile(Vec<AttachedPolicy>),
}

impl From<Error> for DeleteRoleError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl BoundRole<'_> {
    /// Removes the role, the attachments of its policies, the policy that lets principals hand it over unless that is
    /// another role's, and those `left` by runs that failed. What is gone already is as it should be. The role goes last: as long as it is there, a run that failed can be repeated. With `force` the policies of others are detached as well, those included
    /// that are attached while it is removed.
    ///
    /// # Errors
    ///
    /// Without `force`, that others have attached policies, before anything is changed; otherwise that of the call.
    pub async fn delete(
        &self,
        pass_role_policy: Option<&str>,
        left: &BTreeSet<String>,
        force: bool,
    ) -> Result<(), DeleteRoleError> {
        let mut attached = self.attached_or_none().await?;
        let foreign = foreign(&attached);
        if !force && !foreign.is_empty() {
            return Err(DeleteRoleError::ForeignPolicies(foreign));
        }
        for name in left {
            self.delete_left_policy(name).await?;
        }
        if let Some(name) = pass_role_policy
            && !self
                .policy(&custom_policy(name)?)
                .await?
                .is_some_and(|policy| policy.is_of_another(self.name.as_str()))
        {
            self.detach_and_delete_pass_role_policy(name).await?;
        }
        for _ in 0..ROUNDS {
            for policy in &attached {
                self.detach(&id_of(policy)).await?;
            }
            let delete = || self.client.delete_role(self.context, self.name);
            match self.retry_idempotent(delete).await.or_else(ignore_not_found) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    let before = std::mem::replace(&mut attached, self.attached_or_none().await?);
                    self.check_conflict(&error, &before, &attached, force).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(DeleteRoleError::AttachedMeanwhile(attached))
    }

    /// Removes a policy that a run which failed may have made. One that somebody else has made stays.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub async fn delete_left_policy(&self, name: &str) -> Result<(), Error> {
        match self.policy(&custom_policy(name)?).await? {
            Some(policy) if policy.is_ours => self.detach_and_delete_pass_role_policy(name).await,
            _ => Ok(()),
        }
    }

    /// Removes the policy that lets principals pass the role, whoever holds it.
    ///
    /// # Errors
    ///
    /// That of the call.
    async fn detach_and_delete_pass_role_policy(&self, name: &str) -> Result<(), Error> {
        let id = custom_policy(name)?;
        for _ in 0..ROUNDS {
            match self.client.list_entities_for_policy(self.context, &id).await {
                Ok(entities) => {
                    for principal in principals(&entities) {
                        self.detach_from_principal(&id, &principal).await?;
                    }
                }
                // Only the deletion itself tells that it is gone: a server that does not know it may have answered.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            match self.delete_pass_role_policy(name).await {
                // Somebody else attached it meanwhile, or who holds it was not seen.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    if self.wait(std::time::Duration::from_secs(1)).await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
        self.delete_pass_role_policy(name).await
    }

    /// After the service said that policies are still attached: whether to go on, and when.
    async fn check_conflict(
        &self,
        error: &Error,
        before: &[AttachedPolicy],
        attached: &[AttachedPolicy],
        force: bool,
    ) -> Result<(), DeleteRoleError> {
        let foreign = foreign(attached);
        if !force && !foreign.is_empty() {
            return Err(DeleteRoleError::AttachedMeanwhile(foreign));
        }
        // What was detached may still be seen by the server that deletes.
        if (attached.is_empty() || attached == before)
            && self.wait(std::time::Duration::from_secs(1)).await.is_err()
        {
            return Err(error.clone().into());
        }
        Ok(())
    }
}

fn foreign(attached: &[AttachedPolicy]) -> Vec<AttachedPolicy> {
    attached.iter().filter(|policy| policy.is_foreign()).cloned().collect()
}

fn id_of(policy: &AttachedPolicy) -> PolicyId {
    let name = PolicyName::answered(&policy.name);
    if policy.is_system { PolicyId::system(name) } else { PolicyId::custom(name) }
}
