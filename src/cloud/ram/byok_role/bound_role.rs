//! A role of the real service, and the bounds of the operation on it.

use std::fmt;
use std::time::Duration;

use super::desired::{Principal, PrincipalKind};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation};
use crate::names::{GroupName, PolicyName, RoleName, UserName};
use crate::ram::{PolicyId, RamClient, is_already_attached, is_not_attached};
use crate::{CallContext, context::Interrupted};

/// One role with the client that calls RAM and the limits of the operation.
#[derive(Clone, Copy, Debug)]
pub struct BoundRole<'a> {
    /// The client.
    pub client: &'a RamClient,
    /// The clock of all waits.
    pub clock: &'a dyn Clock,
    /// The limits of the operation.
    pub context: &'a CallContext,
    /// The role.
    pub name: &'a RoleName,
}

impl BoundRole<'_> {
    /// Attaches a policy to the role. A policy that is already attached is a success.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub(super) async fn attach(&self, policy: &PolicyId) -> Result<(), Error> {
        let attach = || self.client.attach_policy_to_role(self.context, policy, self.name);
        self.retry_until_known(attach)
            .await
            .or_else(|error| if is_already_attached(&error) { Ok(()) } else { Err(error) })
    }

    /// Detaches a policy from the role. A policy that is not attached, or does not exist, is a success.
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub(super) async fn detach(&self, policy: &PolicyId) -> Result<(), Error> {
        let detach = || self.client.detach_policy_from_role(self.context, policy, self.name);
        self.retry_idempotent(detach).await.or_else(ignore_not_found)
    }

    /// Attaches a custom policy to a principal. A policy that is already attached is a success.
    ///
    /// # Errors
    ///
    /// The error of the call; `Invalid` for a name that no principal can have.
    pub(super) async fn attach_to_principal(&self, policy: &PolicyId, to: &Principal) -> Result<(), Error> {
        let attach = || self.change_attachment(policy, to, AttachmentChange::Attach);
        self.retry_until_known(attach)
            .await
            .or_else(|error| if is_already_attached(&error) { Ok(()) } else { Err(error) })
    }

    /// Detaches a custom policy from a principal. A policy that is not attached, or a policy or principal that does not
    /// exist, is a success.
    ///
    /// # Errors
    ///
    /// The error of the call; `Invalid` for a name that no principal can have.
    pub(super) async fn detach_from_principal(
        &self,
        policy: &PolicyId,
        from: &Principal,
    ) -> Result<(), Error> {
        let detach = || self.change_attachment(policy, from, AttachmentChange::Detach);
        self.retry_idempotent(detach).await.or_else(ignore_not_found)
    }

    async fn change_attachment(
        &self,
        policy: &PolicyId,
        principal: &Principal,
        change: AttachmentChange,
    ) -> Result<(), Error> {
        let Self { client, context, .. } = self;
        let name = &principal.name;
        match principal.kind {
            PrincipalKind::User => {
                let user = checked_name(UserName::parse(name), principal)?;
                match change {
                    AttachmentChange::Attach => client.attach_policy_to_user(context, policy, &user).await,
                    AttachmentChange::Detach => client.detach_policy_from_user(context, policy, &user).await,
                }
            }
            PrincipalKind::Group => {
                let group = checked_name(GroupName::parse(name), principal)?;
                match change {
                    AttachmentChange::Attach => client.attach_policy_to_group(context, policy, &group).await,
                    AttachmentChange::Detach => {
                        client.detach_policy_from_group(context, policy, &group).await
                    }
                }
            }
            PrincipalKind::Role => {
                let role = checked_name(RoleName::parse(name), principal)?;
                match change {
                    AttachmentChange::Attach => client.attach_policy_to_role(context, policy, &role).await,
                    AttachmentChange::Detach => client.detach_policy_from_role(context, policy, &role).await,
                }
            }
        }
    }

    /// Sleeps.
    ///
    /// # Errors
    ///
    /// The limit of the operation that has ended the sleep.
    pub(super) async fn sleep(&self, time: Duration) -> Result<(), Interrupted> {
        self.context.bound(self.clock, self.clock.sleep(time)).await
    }
}

/// A custom policy, by a name that was checked when it was configured.
pub(super) fn custom_policy(name: &str) -> Result<PolicyId, Error> {
    checked_name(PolicyName::parse(name), &name).map(PolicyId::custom)
}

fn checked_name<T>(parsed: Result<T, impl fmt::Display>, what: &impl fmt::Display) -> Result<T, Error> {
    parsed.map_err(|problem| {
        let operation = Operation::new("RAM", "AttachPolicy", what.to_string());
        Error::new(ErrorKind::Invalid, &operation, problem.to_string())
    })
}

#[derive(Clone, Copy)]
enum AttachmentChange {
    Attach,
    Detach,
}

/// An object that is to be removed and does not exist is a success.
pub(super) fn ignore_not_found(error: Error) -> Result<(), Error> {
    let is_gone = error.kind() == ErrorKind::NotFound || is_not_attached(&error);
    if is_gone { Ok(()) } else { Err(error) }
}
