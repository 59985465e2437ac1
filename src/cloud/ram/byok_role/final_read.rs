//! Reads a role once more after a write that RAM may or may not have carried out.

use super::actual::ActualRole;
use super::actual::FoundRole;
use super::bound_role::BoundRole;
use super::desired::DesiredRole;
use super::execute::StepError;
use crate::CallContext;
use crate::error::Error;

impl BoundRole<'_> {
    /// Reads the role after the operation has ended; neither its cancellation nor its deadline ends the reads. All
    /// calls together take at most [`FINAL_READ_LIMIT`](crate::FINAL_READ_LIMIT). Of `policies`, which may let
    /// principals pass the role, the first one that exists is read.
    ///
    /// # Errors
    ///
    /// `NotFound` if the role does not exist; otherwise the error of the call.
    pub async fn final_read(&self, policies: &[&str]) -> Result<FoundRole, Error> {
        let context = CallContext::for_final_read(self.clock);
        let role = BoundRole { context: &context, ..*self };
        let mut found = role.read(None).await?;
        for policy in policies {
            if let Some((actual, policy)) = role.pass_role(policy, &found.role.arn).await? {
                (found.actual.pass_role, found.pass_role) = (Some(actual), Some(policy));
                break;
            }
        }
        Ok(found)
    }

    /// After a write that RAM may have carried out, reads the role once more into `actual`. RAM may still carry out the
    /// write later. `None` if RAM has certainly not carried out the write: `actual` is then right and is not read.
    ///
    /// # Errors
    ///
    /// The error of the read; `actual` is then unchanged.
    pub async fn reread_if_uncertain(
        &self,
        error: &StepError,
        desired: &DesiredRole,
        actual: &mut ActualRole,
    ) -> Option<Result<(), Error>> {
        let StepError::Call(error) = error else { return None };
        if !error.may_have_been_applied() {
            return None;
        }
        let recorded = actual.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let planned = desired.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let policies: Vec<&str> = recorded.into_iter().chain(planned).collect();
        let read = self.final_read(&policies).await.map(|found| {
            let is_recorded = |name: &str| recorded.is_some_and(|recorded| super::same_name(recorded, name));
            // A policy that another writer has created is not managed.
            let is_ours = found.pass_role.is_some_and(|policy| policy.is_ours || is_recorded(&policy.name));
            ActualRole { pass_role: found.actual.pass_role.filter(|_| is_ours), ..found.actual }
        });
        Some(read.map(|found| *actual = found))
    }
}
