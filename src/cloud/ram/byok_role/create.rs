//! Makes the role itself.

use super::bound::BoundRole;
use super::observe::is_trust_right;
use super::observed::Observed;
use super::repeat::Found;
use super::wanted::{UNFINISHED, Wanted};
use crate::cloud::error::{Error, ErrorKind};
use crate::cloud::ram::{CreateRole, PolicyDocument, Role, Tag};

impl BoundRole<'_> {
    /// Makes the role, with its trust policy and tags, and nothing attached to it yet. It is marked as [`UNFINISHED`]
    /// until the last of its steps is carried out.
    ///
    /// Where the answer is lost, the role is looked for before it is made again. `known_absent` says that it was not
    /// there a moment ago: then one that is there now and is just so is ours.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if there is a role of this name; otherwise that of the call.
    pub async fn create(&self, wanted: &Wanted, known_absent: bool) -> Result<(Role, Observed), Error> {
        let create = CreateRole {
            role_name: self.name.clone(),
            assume_role_policy_document: PolicyDocument::byok_trust().to_string(),
            description: Some(UNFINISHED.to_owned()),
            max_session_duration: Some(wanted.max_session_duration),
            tags: wanted.tags.iter().map(|(key, value)| Tag::new(key, value)).collect(),
        };
        let send = async || self.client.create_role(self.context, &create).await;
        let find = async || match self.client.get_role(self.context, self.name).await {
            Ok(role) if known_absent && is_as_made(&role, wanted) => Ok(Found::Made(role)),
            Ok(_) => Ok(Found::Other),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        };
        let role = self.once(send, find).await?;
        let observed = Observed {
            description: role.description.clone(),
            max_session_duration: role.max_session_duration,
            trust_is_right: is_trust_right(&role),
            tags: wanted.tags.clone(),
            attached: Vec::new(),
            pass_role: None,
        };
        Ok((role, observed))
    }
}

fn is_as_made(role: &Role, wanted: &Wanted) -> bool {
    is_trust_right(role)
        && role.description == UNFINISHED
        && role.max_session_duration == wanted.max_session_duration
}
