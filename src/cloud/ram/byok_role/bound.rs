//! A role of the real service, and the bounds of the operation on it.

use std::fmt;
use std::time::Duration;

use super::desired::{Principal, PrincipalKind};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation};
use crate::names::{GroupName, PolicyName, RoleName, UserName};
use crate::ram::{PolicyId, RamClient, is_already_attached, is_not_attached};
use crate::{CallContext, context::Interrupted};

/// One role, a client that reaches it, and the bounds of the operation.
#[derive(Clone, Copy, Debug)]
pub struct BoundRole<'a> {
    /// The client.
    pub client: &'a RamClient,
    /// The clock waits are measured on.
    pub clock: &'a dyn Clock,
    /// The bounds.
    pub context: &'a CallContext,
    /// The role.
    pub name: &'a RoleName,
}

impl BoundRole<'_> {
    /// Attaches a policy to the role. That it is attached already is success.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub(super) async fn attach(&self, policy: &PolicyId) -> Result<(), Error> {
        let attach = || self.client.attach_policy_to_role(self.context, policy, self.name);
        self.retry_until_known(attach)
            .await
            .or_else(|error| if is_already_attached(&error) { Ok(()) } else { Err(error) })
    }

    /// Detaches a policy from the role. That it is not attached, or not there, is success.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub(super) async fn detach(&self, policy: &PolicyId) -> Result<(), Error> {
        let detach = || self.client.detach_policy_from_role(self.context, policy, self.name);
        self.retry_idempotent(detach).await.or_else(ignore_not_found)
    }

    /// Attaches a custom policy to a principal. That it is attached already is success.
    ///
    /// # Errors
    ///
    /// That of the call; `Invalid` for a name that no principal can have.
    pub(super) async fn attach_to_principal(&self, policy: &PolicyId, to: &Principal) -> Result<(), Error> {
        let attach = || self.change(policy, to, Change::Attach);
        self.retry_until_known(attach)
            .await
            .or_else(|error| if is_already_attached(&error) { Ok(()) } else { Err(error) })
    }

    /// Detaches a custom policy from a principal. That it is not attached, or that either is gone, is success.
    ///
    /// # Errors
    ///
    /// That of the call; `Invalid` for a name that no principal can have.
    pub(super) async fn detach_from_principal(
        &self,
        policy: &PolicyId,
        from: &Principal,
    ) -> Result<(), Error> {
        let detach = || self.change(policy, from, Change::Detach);
        self.retry_idempotent(detach).await.or_else(ignore_not_found)
    }

    async fn change(&self, policy: &PolicyId, principal: &Principal, change: Change) -> Result<(), Error> {
        let Self { client, context, .. } = self;
        let name = &principal.name;
        match principal.kind {
            PrincipalKind::User => {
                let user = parsed(UserName::parse(name), principal)?;
                match change {
                    Change::Attach => client.attach_policy_to_user(context, policy, &user).await,
                    Change::Detach => client.detach_policy_from_user(context, policy, &user).await,
                }
            }
            PrincipalKind::Group => {
                let group = parsed(GroupName::parse(name), principal)?;
                match change {
                    Change::Attach => client.attach_policy_to_group(context, policy, &group).await,
                    Change::Detach => client.detach_policy_from_group(context, policy, &group).await,
                }
            }
            PrincipalKind::Role => {
                let role = parsed(RoleName::parse(name), principal)?;
                match change {
                    Change::Attach => client.attach_policy_to_role(context, policy, &role).await,
                    Change::Detach => client.detach_policy_from_role(context, policy, &role).await,
                }
            }
        }
    }

    /// Waits; false when the operation has to end before.
    pub(super) async fn wait(&self, time: Duration) -> Result<(), Interrupted> {
        self.context.bound(self.clock, self.clock.sleep(time)).await
    }
}

/// A name of a policy, which was checked when it was configured.
pub(super) fn custom_policy(name: &str) -> Result<PolicyId, Error> {
    parsed(PolicyName::parse(name), &name).map(PolicyId::custom)
}

fn parsed<T>(parsed: Result<T, impl fmt::Display>, what: &impl fmt::Display) -> Result<T, Error> {
    parsed.map_err(|problem| {
        let operation = Operation::new("RAM", "AttachPolicy", what.to_string());
        Error::new(ErrorKind::Invalid, &operation, problem.to_string())
    })
}

#[derive(Clone, Copy)]
enum Change {
    Attach,
    Detach,
}

/// What is to be taken away and is not there is as it should be.
pub(super) fn ignore_not_found(error: Error) -> Result<(), Error> {
    let is_gone = error.kind() == ErrorKind::NotFound || is_not_attached(&error);
    if is_gone { Ok(()) } else { Err(error) }
}
