//! Everything in the account that these sequences could change, theirs or not.

use cloud::error::ErrorKind;
use cloud::ram::PolicyId;
use serde_json::Value;

use super::super::stage::{Clients, Stage};
use super::changes::{LEFT, POLICY, RENAMED, ROLE};
use crate::scene::{group, policy, role};

/// What there is.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// Every role with its description and the policies it holds.
    roles: Value,
    /// Every user with its groups and the policies it holds.
    users: Value,
    /// The policies each group holds.
    groups: Vec<String>,
    /// What else there is about the role of these sequences.
    role: Option<String>,
    /// The policies that these sequences make, and one that they must leave alone.
    policies: Vec<String>,
}

impl Account {
    /// Reads what there is.
    pub async fn read(stage: &Stage) -> Self {
        let on = &stage.straight;
        let (roles, users) = stage.roles_and_users().await;
        let mut groups = Vec::new();
        for name in ["readers", "writers"] {
            let held = on.ram.list_policies_for_group(&on.context, &group(name)).await.unwrap();
            groups.extend(held.iter().map(|policy| format!("{name}: {}", policy.id)));
        }
        let mut policies = Vec::new();
        for name in ["held", POLICY, RENAMED, LEFT] {
            policies.extend(custom_policy(on, name).await);
        }
        Self { roles, users, groups, role: made_role(on).await, policies }
    }
}

async fn made_role(on: &Clients) -> Option<String> {
    let found = unless_gone(on.ram.get_role(&on.context, &role(ROLE)).await)?;
    let page = on.ram.list_tag_resources(&on.context, &role(ROLE), None).await.unwrap();
    let tags = page.tags.into_iter().map(|tag| format!("{}={}", tag.key, tag.value));
    let tags = tags.collect::<Vec<String>>().join(" ");
    let (trust, limit) = (found.assume_role_policy_document, found.max_session_duration);
    Some(format!("{trust}, {limit} s, tagged {tags}"))
}

async fn custom_policy(on: &Clients, name: &str) -> Option<String> {
    let id = PolicyId::custom(policy(name));
    let found = unless_gone(on.ram.get_policy(&on.context, &id).await)?;
    let (description, version) = (found.policy.description, found.default_policy_version);
    let document = version.policy_document.unwrap_or_default();
    Some(format!("{name} ({description:?}, {}): {document}", version.version_id))
}

fn unless_gone<T>(found: Result<T, cloud::error::Error>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            None
        }
    }
}
