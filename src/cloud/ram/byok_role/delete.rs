//! Deletes a BYOK role with its attachments and its policy.

use std::collections::BTreeSet;

use super::actual::AttachedPolicy;
use super::actual::principals;
use super::bound_role::{BoundRole, custom_policy, ignore_not_found};
use crate::error::{Error, ErrorKind};
use crate::names::PolicyName;
use crate::ram::PolicyId;

/// How often the policies are detached and the role deleted, if other writers keep attaching policies.
const MAX_ATTEMPTS: u32 = 5;

/// Why a role was not deleted.
#[derive(Debug)]
pub enum DeleteRoleError {
    /// The call failed.
    Call(Error),
    /// Other writers have attached policies, and these must not be detached. Nothing was changed.
    ForeignPolicies(Vec<AttachedPolicy>),
    /// Other writers attached policies after each detaching.
    AttachedMeanwhile(Vec<AttachedPolicy>),
}

impl From<Error> for DeleteRoleError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl BoundRole<'_> {
    /// Deletes the role, the attachments of its policies, the policy that lets principals pass it unless that belongs
    /// to another role, and `leftover_policies` of runs that failed. An object that does not exist is a success. The
    /// role is deleted last, so that a run that failed can be repeated. With `force`, policies of other writers are
    /// detached as well, also those that are attached meanwhile.
    ///
    /// # Errors
    ///
    /// Without `force`, [`DeleteRoleError::ForeignPolicies`] before anything is changed; otherwise the error of the
    /// call.
    pub async fn delete(
        &self,
        pass_role_policy: Option<&str>,
        leftover_policies: &BTreeSet<String>,
        force: bool,
    ) -> Result<(), DeleteRoleError> {
        let mut attached = self.attached_or_none().await?;
        let foreign = foreign(&attached);
        if !force && !foreign.is_empty() {
            return Err(DeleteRoleError::ForeignPolicies(foreign));
        }
        for name in leftover_policies {
            self.delete_leftover_policy(name).await?;
        }
        if let Some(name) = pass_role_policy
            && !self
                .policy(&custom_policy(name)?)
                .await?
                .is_some_and(|policy| policy.is_of_another(self.name.as_str()))
        {
            self.detach_and_delete_pass_role_policy(name).await?;
        }
        for _ in 0..MAX_ATTEMPTS {
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

    /// Deletes a policy that a failed run may have created. A policy of another writer stays.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete_leftover_policy(&self, name: &str) -> Result<(), Error> {
        match self.policy(&custom_policy(name)?).await? {
            Some(policy) if policy.is_ours => self.detach_and_delete_pass_role_policy(name).await,
            _ => Ok(()),
        }
    }

    /// Detaches the policy that lets principals pass the role from every principal, and deletes it.
    ///
    /// # Errors
    ///
    /// The error of the call.
    async fn detach_and_delete_pass_role_policy(&self, name: &str) -> Result<(), Error> {
        let id = custom_policy(name)?;
        for _ in 0..MAX_ATTEMPTS {
            match self.client.list_entities_for_policy(self.context, &id).await {
                Ok(entities) => {
                    for principal in principals(&entities) {
                        self.detach_from_principal(&id, &principal).await?;
                    }
                }
                // Only DeletePolicy proves that the policy does not exist: this answer may be from a server that does
                // not know it yet.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            match self.delete_pass_role_policy(name).await {
                // Another writer has attached it meanwhile, or the list did not show every principal yet.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    if self.sleep(std::time::Duration::from_secs(1)).await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
        self.delete_pass_role_policy(name).await
    }

    /// Decides whether to try again after RAM has answered that policies are still attached, and waits if necessary.
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
        // The server that deletes the role may not know yet that the policies were detached.
        if (attached.is_empty() || attached == before)
            && self.sleep(std::time::Duration::from_secs(1)).await.is_err()
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
    let name = PolicyName::from_answer(&policy.name);
    if policy.is_system { PolicyId::system(name) } else { PolicyId::custom(name) }
}
