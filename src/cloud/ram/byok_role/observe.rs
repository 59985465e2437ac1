//! Reads what a BYOK role is.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::BoundRole;
use super::observed::{AttachedPolicy, Observed, ObservedPassRole};
use super::wanted::{Principal, PrincipalKind};
use crate::cloud::error::{Error, ErrorKind};
use crate::cloud::ram::{
    ListTagResources, PolicyDocument, PolicyEntities, PolicyId, PolicyKind, Role, RoleArn, TagResourceType,
};

/// A role with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The role as RAM describes it.
    pub role: Role,
    /// What it is, for comparing it with what it should be.
    pub observed: Observed,
    /// The document in force of the policy that lets principals hand the role over.
    pub pass_role_document: Option<String>,
}

impl BoundRole<'_> {
    /// Reads the role, and what belongs to it: three calls, and two more where the policy is looked after that lets
    /// principals hand the role over.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such role; otherwise that of the call.
    pub async fn observe(&self, pass_role_policy: Option<&str>) -> Result<Found, Error> {
        let role = self.client.get_role(self.context, self.name).await?;
        let attached = self.attached().await?;
        let tags = self.tags().await?;
        let (pass_role, pass_role_document) = match pass_role_policy {
            Some(name) => self.pass_role(name, &role.arn).await?.unzip(),
            None => (None, None),
        };
        let observed = Observed {
            description: role.description.clone(),
            max_session_duration: role.max_session_duration,
            trust_is_right: is_trust_right(&role),
            tags,
            attached,
            pass_role,
        };
        Ok(Found { role, observed, pass_role_document })
    }

    /// The policies attached to the role.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such role; otherwise that of the call.
    pub(super) async fn attached(&self) -> Result<Vec<AttachedPolicy>, Error> {
        let listed = self.client.list_policies_for_role(self.context, self.name).await?;
        let attached = listed.into_iter().map(|policy| AttachedPolicy {
            name: policy.id.policy_name.as_str().to_owned(),
            is_system: policy.id.policy_type == PolicyKind::System,
        });
        Ok(attached.collect())
    }

    /// The role's tags.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub(super) async fn tags(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut wanted = ListTagResources {
            resource_type: TagResourceType::Role,
            resource_names: vec![self.name.as_str().to_owned()],
            tags: Vec::new(),
            next_token: None,
            page_size: Some(100),
        };
        let mut tags = BTreeMap::new();
        loop {
            let page = self.client.list_tag_resources(self.context, &wanted).await?;
            tags.extend(page.tag_resources.into_iter().map(|tagged| (tagged.tag.key, tagged.tag.value)));
            match page.next_token {
                Some(token) => wanted.next_token = Some(token),
                None => return Ok(tags),
            }
        }
    }

    /// The policy that lets principals hand the role over, if it is there, with its document.
    ///
    /// # Errors
    ///
    /// That of the call.
    pub(super) async fn pass_role(
        &self,
        name: &str,
        arn: &RoleArn,
    ) -> Result<Option<(ObservedPassRole, String)>, Error> {
        let id = self.custom_policy(name)?;
        let Some((policy_name, document)) = self.document(&id).await? else { return Ok(None) };
        let entities = match self.client.list_entities_for_policy(self.context, &id).await {
            Ok(entities) => entities,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let document_is_right = is_document(&document, &PolicyDocument::pass_role(arn));
        let observed = ObservedPassRole { policy_name, document_is_right, principals: principals(&entities) };
        Ok(Some((observed, document)))
    }

    /// The name, as it is spelt, and the document in force of a policy, if it is there.
    pub(super) async fn document(&self, id: &PolicyId) -> Result<Option<(String, String)>, Error> {
        match self.client.get_policy(self.context, id).await {
            Ok(policy) => {
                let document = policy.default_policy_version.policy_document.unwrap_or_default();
                Ok(Some((policy.policy.id.policy_name.as_str().to_owned(), document)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a role's trust policy lets the service assume the role, and nobody else.
pub(super) fn is_trust_right(role: &Role) -> bool {
    is_document(&role.assume_role_policy_document, &PolicyDocument::byok_trust())
}

/// Whether a text is a policy document that means the same.
pub(super) fn is_document(text: &str, wanted: &PolicyDocument) -> bool {
    PolicyDocument::parse(text).is_ok_and(|document| document == *wanted)
}

pub(super) fn principals(entities: &PolicyEntities) -> BTreeSet<Principal> {
    let principal = |kind, name: &str| Principal { kind, name: name.to_owned() };
    let users = entities.users.iter().map(|user| principal(PrincipalKind::User, user.user_name.as_str()));
    let groups =
        entities.groups.iter().map(|group| principal(PrincipalKind::Group, group.group_name.as_str()));
    let roles = entities.roles.iter().map(|role| principal(PrincipalKind::Role, role.role_name.as_str()));
    users.chain(groups).chain(roles).collect()
}
