//! Creates the role itself.

use super::actual::ActualRole;
use super::bound_role::BoundRole;
use super::desired::{DesiredRole, UNFINISHED_DESCRIPTION};
use super::retry::WriteCheck;
use crate::error::{Error, ErrorKind};
use crate::ram::{CreateRole, PolicyDocument, Role, Tag};

impl BoundRole<'_> {
    /// Creates the role with its trust policy and tags, and without attached policies. Its description is
    /// [`UNFINISHED_DESCRIPTION`] until the last step is carried out.
    ///
    /// If the answer is lost, RAM is asked for the role before it is created again. `known_absent` says that the role
    /// did not exist shortly before: a role that now has exactly these values is then the one that this call created.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if there is a role of this name; otherwise the error of the call.
    pub async fn create(
        &self,
        desired: &DesiredRole,
        known_absent: bool,
    ) -> Result<(Role, ActualRole), Error> {
        let create = CreateRole {
            role_name: self.name.clone(),
            assume_role_policy_document: PolicyDocument::byok_trust().to_string(),
            description: Some(UNFINISHED_DESCRIPTION.to_owned()),
            max_session_duration: Some(desired.max_session_duration),
            tags: desired.tags.iter().map(|(key, value)| Tag::new(key, value)).collect(),
        };
        let is_as_created = |role: &Role| {
            let actual = ActualRole::without_policies(role);
            actual.trust_policy_matches
                && actual.is_unfinished()
                && actual.max_session_duration == desired.max_session_duration
        };
        let send = async || self.client.create_role(self.context, &create).await;
        let find = async || match self.client.get_role(self.context, self.name).await {
            Ok(role) if known_absent && is_as_created(&role) => Ok(WriteCheck::Applied(role)),
            Ok(_) => Ok(WriteCheck::Unclear),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(WriteCheck::NotApplied),
            Err(error) => Err(error),
        };
        let role = self.retry_unless_done(send, find).await?;
        let actual = ActualRole { tags: desired.tags.clone(), ..ActualRole::without_policies(&role) };
        Ok((role, actual))
    }
}
