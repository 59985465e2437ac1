//! Looks at a role once more after a write of which nobody knows whether it was carried out.

use super::actual::ActualRole;
use super::actual::FoundRole;
use super::bound::BoundRole;
use super::desired::DesiredRole;
use super::execute::StepError;
use crate::CallContext;
use crate::error::Error;

impl BoundRole<'_> {
    /// Reads the role once the operation may be over: neither its cancellation nor its deadline ends this. All calls
    /// together take at most [`FINAL_READ_LIMIT`](crate::FINAL_READ_LIMIT). Of the policies that let principals
    /// pass the role, the first one is read that is there.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such role; otherwise that of the call.
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

    /// After a write that may have been carried out, looks at the role once more and puts what is there into
    /// `actual`; what is still under way may change it after that. `None` if there is no doubt: then `actual` is
    /// right as it is.
    ///
    /// # Errors
    ///
    /// That of the look; `actual` is as it was.
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
        let noted = actual.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let planned = desired.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let policies: Vec<&str> = noted.into_iter().chain(planned).collect();
        let looked = self.final_read(&policies).await.map(|found| {
            let is_noted = |name: &str| noted.is_some_and(|noted| super::same_name(noted, name));
            // One that somebody else has made is not looked after.
            let is_ours = found.pass_role.is_some_and(|policy| policy.is_ours || is_noted(&policy.name));
            ActualRole { pass_role: found.actual.pass_role.filter(|_| is_ours), ..found.actual }
        });
        Some(looked.map(|found| *actual = found))
    }
}
