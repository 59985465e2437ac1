//! Looks at a role once more after a write of which nobody knows whether it was carried out.

use super::bound::BoundRole;
use super::carry_out::StepError;
use super::observe::Found;
use super::observed::Observed;
use super::wanted::Wanted;
use crate::cloud::CallContext;
use crate::cloud::error::Error;

impl BoundRole<'_> {
    /// Reads the role once the operation may be over: neither its cancellation nor its deadline ends this. All calls
    /// together take at most [`LAST_LOOK_AT_MOST`](crate::cloud::LAST_LOOK_AT_MOST). Of the policies that let principals
    /// hand the role over, the first one is read that is there.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such role; otherwise that of the call.
    pub async fn last_look(&self, policies: &[&str]) -> Result<Found, Error> {
        let context = CallContext::for_last_look(self.clock);
        let role = BoundRole { context: &context, ..*self };
        let mut found = role.observe(None).await?;
        for policy in policies {
            if let Some((observed, policy)) = role.pass_role(policy, &found.role.arn).await? {
                (found.observed.pass_role, found.pass_role) = (Some(observed), Some(policy));
                break;
            }
        }
        Ok(found)
    }

    /// After a write that may have been carried out, looks at the role once more and puts what is there into
    /// `observed`; what is still under way may change it after that. `None` if there is no doubt: then `observed` is
    /// right as it is.
    ///
    /// # Errors
    ///
    /// That of the look; `observed` is as it was.
    pub async fn look_after(
        &self,
        error: &StepError,
        wanted: &Wanted,
        observed: &mut Observed,
    ) -> Option<Result<(), Error>> {
        let StepError::Call(error) = error else { return None };
        if !error.may_have_been_applied() {
            return None;
        }
        let noted = observed.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let planned = wanted.pass_role.as_ref().map(|pass_role| pass_role.policy_name.as_str());
        let policies: Vec<&str> = noted.into_iter().chain(planned).collect();
        let looked = self.last_look(&policies).await.map(|found| {
            let is_noted = |name: &str| noted.is_some_and(|noted| super::same_name(noted, name));
            // One that somebody else has made is not looked after.
            let is_ours = found.pass_role.is_some_and(|policy| policy.is_ours || is_noted(&policy.name));
            Observed { pass_role: found.observed.pass_role.filter(|_| is_ours), ..found.observed }
        });
        Some(looked.map(|found| *observed = found))
    }
}
