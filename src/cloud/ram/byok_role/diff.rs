//! The writes that turn the actual state of a role into the desired one.

use std::collections::{BTreeMap, BTreeSet};

use super::actual::{ActualPassRole, ActualRole};
use super::desired::{DesiredRole, PassRole, Principal};
use super::same_name;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Changes members of the role.
    UpdateRole(RoleUpdate),
    /// Attaches one of the system policies for KMS to the role.
    AttachKmsPolicy(&'static str),
    /// Sets tags of the role.
    Tag(BTreeMap<String, String>),
    /// Removes tags of the role, by key.
    Untag(BTreeSet<String>),
    /// Creates the policy that lets principals pass the role. An equal policy of an earlier run is used as it is.
    CreatePassRolePolicy(String),
    /// Creates a new default version of that policy, with the desired document.
    CorrectPassRolePolicy(String),
    /// Attaches that policy to a principal.
    AttachPassRole(String, Principal),
    /// Detaches that policy from a principal.
    DetachPassRole(String, Principal),
    /// Deletes that policy, after it was detached from every principal.
    DeletePassRolePolicy(String),
}

/// The members of a role that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleUpdate {
    /// Whether the trust policy is set to the desired one.
    pub trust: bool,
    /// The new description.
    pub description: Option<String>,
    /// The new longest session, in seconds.
    pub max_session_duration: Option<i64>,
}

/// The writes that turn the actual state into the desired one, in an order in which each can succeed. Writes that give
/// access come before those that remove it. The description of a role that is not finished comes last, because it marks
/// the role as finished.
pub fn diff(actual: &ActualRole, desired: &DesiredRole) -> Vec<Step> {
    let mut update = role_update(actual, desired);
    let finish = finishing_step(actual, desired);
    if finish.is_some() {
        update.description = None;
    }
    let mut steps: Vec<Step> = update_step(update).into_iter().collect();
    let attached: Vec<&str> = actual.kms_policies().collect();
    let missing = super::desired::KMS_POLICIES.into_iter().filter(|name| !attached.contains(name));
    steps.extend(missing.map(Step::AttachKmsPolicy));
    steps.extend(tag_steps(actual, desired));
    steps.extend(pass_role_steps(actual.pass_role.as_ref(), desired.pass_role.as_ref()));
    steps.extend(finish);
    steps
}

/// The write that marks a role as finished, if it is not finished.
fn finishing_step(actual: &ActualRole, desired: &DesiredRole) -> Option<Step> {
    let description = Some(desired.description.clone()).filter(|_| actual.is_unfinished());
    update_step(RoleUpdate { description, ..RoleUpdate::default() })
}

/// Whether only the write that marks the role as finished remains.
pub fn only_finish_remains(actual: &ActualRole, desired: &DesiredRole) -> bool {
    let finish = finishing_step(actual, desired);
    finish.is_some() && diff(actual, desired) == Vec::from_iter(finish)
}

fn update_step(update: RoleUpdate) -> Option<Step> {
    (update != RoleUpdate::default()).then_some(Step::UpdateRole(update))
}

fn role_update(actual: &ActualRole, desired: &DesiredRole) -> RoleUpdate {
    let description = Some(&desired.description).filter(|text| **text != actual.description);
    let duration = Some(desired.max_session_duration).filter(|limit| *limit != actual.max_session_duration);
    RoleUpdate {
        trust: !actual.trust_policy_matches,
        description: description.cloned(),
        max_session_duration: duration,
    }
}

fn tag_steps(actual: &ActualRole, desired: &DesiredRole) -> Vec<Step> {
    let set: BTreeMap<String, String> = desired
        .tags
        .iter()
        .filter(|(key, value)| actual.tags.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let removed: BTreeSet<String> =
        actual.tags.keys().filter(|key| !desired.tags.contains_key(*key)).cloned().collect();
    let set = (!set.is_empty()).then_some(Step::Tag(set));
    let removed = (!removed.is_empty()).then_some(Step::Untag(removed));
    // Tags are removed first, because a role may have 20 tags at most.
    removed.into_iter().chain(set).collect()
}

fn pass_role_steps(actual: Option<&ActualPassRole>, desired: Option<&PassRole>) -> Vec<Step> {
    let mut steps = Vec::new();
    let kept = match (actual, desired) {
        (Some(actual), Some(desired)) if same_name(&actual.policy_name, &desired.policy_name) => Some(actual),
        _ => None,
    };
    if let Some(desired) = desired {
        let name = &desired.policy_name;
        match kept {
            None => steps.push(Step::CreatePassRolePolicy(name.clone())),
            Some(kept) if !kept.document_matches => steps.push(Step::CorrectPassRolePolicy(name.clone())),
            Some(_) => {}
        }
        let holds = |principal: &Principal| kept.is_some_and(|kept| kept.principals.contains(principal));
        let new = desired.principals.iter().filter(|principal| !holds(principal));
        steps.extend(new.map(|principal| Step::AttachPassRole(name.clone(), principal.clone())));
    }
    if let Some(actual) = actual {
        let stays = |principal: &Principal| {
            kept.is_some() && desired.is_some_and(|desired| desired.principals.contains(principal))
        };
        let leaving = actual.principals.iter().filter(|principal| !stays(principal));
        let name = &actual.policy_name;
        steps.extend(leaving.map(|principal| Step::DetachPassRole(name.clone(), principal.clone())));
        if kept.is_none() {
            steps.push(Step::DeletePassRolePolicy(name.clone()));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::actual::AttachedPolicy;
    use super::super::desired::{KMS_POLICIES, PrincipalKind, UNFINISHED_DESCRIPTION};
    use super::super::tests::desired;
    use super::*;

    fn user(name: &str) -> Principal {
        Principal { kind: PrincipalKind::User, name: name.to_owned() }
    }

    fn pass_role(policy_name: &str, users: &[&str]) -> PassRole {
        PassRole {
            policy_name: policy_name.to_owned(),
            principals: users.iter().map(|name| user(name)).collect(),
        }
    }

    fn as_desired(desired: &DesiredRole) -> ActualRole {
        ActualRole::as_desired(desired)
    }

    fn policy(name: &str, is_system: bool) -> AttachedPolicy {
        AttachedPolicy { name: name.to_owned(), is_system, is_pass_role: false }
    }

    #[track_caller]
    fn check(actual: &ActualRole, desired: &DesiredRole, expected: &[Step]) {
        assert_eq!(diff(actual, desired), expected);
    }

    #[test]
    fn a_role_that_is_as_desired_needs_no_step() {
        let mut actual = as_desired(&desired());
        actual.attached.push(policy("Foreign", false));
        check(&actual, &desired(), &[]);
        let mut other_spelling = desired();
        other_spelling.pass_role = Some(pass_role("Pass", &["Alice"]));
        check(&actual, &other_spelling, &[]);
    }

    #[test]
    fn one_user_more_is_one_attach_and_one_user_less_is_one_detach() {
        let more = DesiredRole { pass_role: Some(pass_role("pass", &["alice", "bob"])), ..desired() };
        check(&as_desired(&desired()), &more, &[Step::AttachPassRole("pass".to_owned(), user("bob"))]);
        check(&as_desired(&more), &desired(), &[Step::DetachPassRole("pass".to_owned(), user("bob"))]);
    }

    #[test]
    fn a_custom_policy_with_the_name_of_a_system_policy_is_foreign() {
        let mut actual = as_desired(&desired());
        actual.attached = vec![policy(KMS_POLICIES[0], false), policy(KMS_POLICIES[1], true)];
        check(&actual, &desired(), &[Step::AttachKmsPolicy(KMS_POLICIES[0])]);
        assert_eq!(actual.foreign_policies().collect::<Vec<_>>(), [&policy(KMS_POLICIES[0], false)]);
    }

    #[test]
    fn drift_is_corrected() {
        let mut actual = as_desired(&desired());
        actual.trust_policy_matches = false;
        if let Some(pass_role) = &mut actual.pass_role {
            pass_role.document_matches = false;
        }
        actual.attached.remove(0);
        check(
            &actual,
            &desired(),
            &[
                Step::UpdateRole(RoleUpdate { trust: true, ..RoleUpdate::default() }),
                Step::AttachKmsPolicy(KMS_POLICIES[0]),
                Step::CorrectPassRolePolicy("pass".to_owned()),
            ],
        );
    }

    #[test]
    fn a_renamed_policy_is_attached_before_the_old_one_is_detached() {
        let renamed = DesiredRole { pass_role: Some(pass_role("other", &["alice"])), ..desired() };
        let (old, new) = ("pass".to_owned(), "other".to_owned());
        check(
            &as_desired(&desired()),
            &renamed,
            &[
                Step::CreatePassRolePolicy(new.clone()),
                Step::AttachPassRole(new, user("alice")),
                Step::DetachPassRole(old.clone(), user("alice")),
                Step::DeletePassRolePolicy(old),
            ],
        );
    }

    /// Applies a step to a state in memory.
    fn apply_step(actual: &mut ActualRole, step: Step, desired: &DesiredRole) {
        match step {
            Step::UpdateRole(update) => {
                actual.trust_policy_matches |= update.trust;
                actual.description = update.description.unwrap_or_else(|| actual.description.clone());
                actual.max_session_duration =
                    update.max_session_duration.unwrap_or(actual.max_session_duration);
            }
            Step::AttachKmsPolicy(name) => actual.attached.push(policy(name, true)),
            Step::Tag(tags) => actual.tags.extend(tags),
            Step::Untag(keys) => actual.tags.retain(|key, _| !keys.contains(key)),
            Step::CreatePassRolePolicy(policy_name) => {
                let new = ActualPassRole { policy_name, document_matches: true, principals: BTreeSet::new() };
                actual.pass_role = Some(new);
            }
            Step::CorrectPassRolePolicy(_) => {
                actual.pass_role.as_mut().unwrap().document_matches = true;
            }
            Step::AttachPassRole(name, principal) => {
                let pass_role = actual.pass_role.as_mut().unwrap();
                assert_eq!(pass_role.policy_name, name);
                assert!(pass_role.principals.insert(principal), "attached twice");
            }
            // A policy of another name is not in the state in memory any more, and neither are its principals.
            Step::DetachPassRole(name, principal) => match &mut actual.pass_role {
                Some(pass_role) if pass_role.policy_name == name => {
                    assert!(pass_role.principals.remove(&principal), "detached twice");
                }
                _ => assert!(desired.pass_role.is_some()),
            },
            Step::DeletePassRolePolicy(name) => {
                if actual.pass_role.as_ref().is_some_and(|pass_role| pass_role.policy_name == name) {
                    assert!(actual.pass_role.as_ref().unwrap().principals.is_empty());
                    actual.pass_role = None;
                }
            }
        }
    }

    fn pass_roles() -> impl Strategy<Value = Option<PassRole>> {
        let users = prop::collection::btree_set("[a-c]", 0..3);
        prop::option::of(("p|q", users).prop_map(|(policy_name, users)| PassRole {
            policy_name,
            principals: users.iter().map(|name| user(name)).collect(),
        }))
    }

    #[test]
    fn the_step_that_finishes_a_role_is_the_last() {
        let mut actual = as_desired(&desired());
        actual.description = UNFINISHED_DESCRIPTION.to_owned();
        let finish =
            Step::UpdateRole(RoleUpdate { description: Some("For SLS".to_owned()), ..RoleUpdate::default() });
        check(&actual, &desired(), std::slice::from_ref(&finish));
        assert!(
            only_finish_remains(&actual, &desired())
                && !only_finish_remains(&as_desired(&desired()), &desired())
        );
        actual.trust_policy_matches = false;
        actual.attached.pop();
        let trust = Step::UpdateRole(RoleUpdate { trust: true, ..RoleUpdate::default() });
        check(&actual, &desired(), &[trust, Step::AttachKmsPolicy(KMS_POLICIES[1]), finish]);
        assert!(!only_finish_remains(&actual, &desired()));
    }

    fn desired_roles() -> impl Strategy<Value = DesiredRole> {
        let tags = prop::collection::btree_map("[a-c]", "[x-z]", 0..3);
        ("[a-b]", 3_600_i64..3_602, tags, pass_roles()).prop_map(
            |(description, max_session_duration, tags, pass_role)| DesiredRole {
                role_name: "r".to_owned(),
                description,
                max_session_duration,
                tags,
                pass_role,
            },
        )
    }

    proptest! {
        #[test]
        fn the_steps_lead_to_the_desired_state(
            before in desired_roles(), desired in desired_roles(), trust in any::<bool>(), document in any::<bool>(), policies in 0..3_usize,
            unfinished in any::<bool>(),
        ) {
            let mut actual = as_desired(&before);
            if unfinished {
                actual.description = UNFINISHED_DESCRIPTION.to_owned();
            }
            actual.trust_policy_matches = trust;
            actual.attached.truncate(policies);
            if let Some(pass_role) = &mut actual.pass_role {
                pass_role.document_matches = document;
            }
            for step in diff(&actual, &desired) {
                apply_step(&mut actual, step, &desired);
            }
            prop_assert_eq!(diff(&actual, &desired), vec![]);
            prop_assert_eq!(&actual.tags, &desired.tags);
        }
    }
}
