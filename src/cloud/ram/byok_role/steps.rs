//! The writes between what a role is and what it should be: those that are needed, and no other.

use std::collections::{BTreeMap, BTreeSet};

use super::observed::{Observed, ObservedPassRole};
use super::same_name;
use super::wanted::{PassRole, Principal, Wanted};

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Changes those members of the role that are given.
    UpdateRole(RoleUpdate),
    /// Attaches one of the system policies for KMS to the role.
    AttachKmsPolicy(&'static str),
    /// Sets tags of the role.
    Tag(BTreeMap<String, String>),
    /// Removes tags of the role, by key.
    Untag(BTreeSet<String>),
    /// Makes the policy that lets its holders hand the role over, or takes over one that is just so.
    CreatePassRolePolicy(String),
    /// Gives that policy another default version, with the right document.
    CorrectPassRolePolicy(String),
    /// Attaches that policy to a principal.
    AttachPassRole(String, Principal),
    /// Detaches that policy from a principal.
    DetachPassRole(String, Principal),
    /// Deletes a policy that has let its holders hand the role over, which nobody holds any more.
    DeletePassRolePolicy(String),
}

/// Which members of a role change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleUpdate {
    /// The trust policy is put right.
    pub trust: bool,
    /// What people read.
    pub description: Option<String>,
    /// How long a session may be, in seconds.
    pub max_session_duration: Option<i64>,
}

/// The writes that make the role what it should be, in an order in which each can succeed. What gives somebody
/// access comes before what takes it away. The description of a role that is not finished goes last: it tells that the
/// others were carried out.
pub fn steps(observed: &Observed, wanted: &Wanted) -> Vec<Step> {
    let mut update = role_update(observed, wanted);
    let finish = finish(observed, wanted);
    if finish.is_some() {
        update.description = None;
    }
    let mut steps: Vec<Step> = update_step(update).into_iter().collect();
    let attached: Vec<&str> = observed.kms_policies().collect();
    let missing = super::wanted::KMS_POLICIES.into_iter().filter(|name| !attached.contains(name));
    steps.extend(missing.map(Step::AttachKmsPolicy));
    steps.extend(tag_steps(observed, wanted));
    steps.extend(pass_role_steps(observed.pass_role.as_ref(), wanted.pass_role.as_ref()));
    steps.extend(finish);
    steps
}

/// The write that finishes a role, if it is not finished.
fn finish(observed: &Observed, wanted: &Wanted) -> Option<Step> {
    let description = Some(wanted.description.clone()).filter(|_| observed.is_unfinished());
    update_step(RoleUpdate { description, ..RoleUpdate::default() })
}

/// Whether the role lacks nothing but the write that finishes it.
pub fn lacks_only_the_end(observed: &Observed, wanted: &Wanted) -> bool {
    let finish = finish(observed, wanted);
    finish.is_some() && steps(observed, wanted) == Vec::from_iter(finish)
}

fn update_step(update: RoleUpdate) -> Option<Step> {
    (update != RoleUpdate::default()).then_some(Step::UpdateRole(update))
}

fn role_update(observed: &Observed, wanted: &Wanted) -> RoleUpdate {
    let description = Some(&wanted.description).filter(|text| **text != observed.description);
    let duration = Some(wanted.max_session_duration).filter(|limit| *limit != observed.max_session_duration);
    RoleUpdate {
        trust: !observed.trust_is_right,
        description: description.cloned(),
        max_session_duration: duration,
    }
}

fn tag_steps(observed: &Observed, wanted: &Wanted) -> Vec<Step> {
    let set: BTreeMap<String, String> = wanted
        .tags
        .iter()
        .filter(|(key, value)| observed.tags.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let removed: BTreeSet<String> =
        observed.tags.keys().filter(|key| !wanted.tags.contains_key(*key)).cloned().collect();
    let set = (!set.is_empty()).then_some(Step::Tag(set));
    let removed = (!removed.is_empty()).then_some(Step::Untag(removed));
    // Removed first: a role may have 20 tags, the new ones included.
    removed.into_iter().chain(set).collect()
}

fn pass_role_steps(observed: Option<&ObservedPassRole>, wanted: Option<&PassRole>) -> Vec<Step> {
    let mut steps = Vec::new();
    let kept = match (observed, wanted) {
        (Some(observed), Some(wanted)) if same_name(&observed.policy_name, &wanted.policy_name) => {
            Some(observed)
        }
        _ => None,
    };
    if let Some(wanted) = wanted {
        let name = &wanted.policy_name;
        match kept {
            None => steps.push(Step::CreatePassRolePolicy(name.clone())),
            Some(kept) if !kept.document_is_right => steps.push(Step::CorrectPassRolePolicy(name.clone())),
            Some(_) => {}
        }
        let holds = |principal: &Principal| kept.is_some_and(|kept| kept.principals.contains(principal));
        let new = wanted.principals.iter().filter(|principal| !holds(principal));
        steps.extend(new.map(|principal| Step::AttachPassRole(name.clone(), principal.clone())));
    }
    if let Some(observed) = observed {
        let stays = |principal: &Principal| {
            kept.is_some() && wanted.is_some_and(|wanted| wanted.principals.contains(principal))
        };
        let leaving = observed.principals.iter().filter(|principal| !stays(principal));
        let name = &observed.policy_name;
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

    use super::super::observed::AttachedPolicy;
    use super::super::wanted::{KMS_POLICIES, PrincipalKind, UNFINISHED};
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

    fn wanted() -> Wanted {
        Wanted {
            role_name: "sls-byok".to_owned(),
            description: "For SLS".to_owned(),
            max_session_duration: 3_600,
            tags: BTreeMap::new(),
            pass_role: Some(pass_role("pass", &["alice"])),
        }
    }

    /// A role that is as `wanted`.
    fn as_wanted(wanted: &Wanted) -> Observed {
        Observed {
            description: wanted.description.clone(),
            max_session_duration: wanted.max_session_duration,
            trust_is_right: true,
            tags: wanted.tags.clone(),
            attached: KMS_POLICIES.iter().map(|name| policy(name, true)).collect(),
            pass_role: wanted.pass_role.as_ref().map(|pass_role| ObservedPassRole {
                policy_name: pass_role.policy_name.clone(),
                document_is_right: true,
                principals: pass_role.principals.clone(),
            }),
        }
    }

    fn policy(name: &str, is_system: bool) -> AttachedPolicy {
        AttachedPolicy { name: name.to_owned(), is_system, is_pass_role: false }
    }

    #[track_caller]
    fn check(observed: &Observed, wanted: &Wanted, expected: &[Step]) {
        assert_eq!(steps(observed, wanted), expected);
    }

    #[test]
    fn nothing_is_written_where_everything_is_as_it_should_be() {
        let mut observed = as_wanted(&wanted());
        observed.attached.push(policy("Foreign", false));
        check(&observed, &wanted(), &[]);
        let mut spelt_otherwise = wanted();
        spelt_otherwise.pass_role = Some(pass_role("Pass", &["Alice"]));
        check(&observed, &spelt_otherwise, &[]);
    }

    #[test]
    fn one_more_user_is_one_attach_and_one_less_one_detach() {
        let more = Wanted { pass_role: Some(pass_role("pass", &["alice", "bob"])), ..wanted() };
        check(&as_wanted(&wanted()), &more, &[Step::AttachPassRole("pass".to_owned(), user("bob"))]);
        check(&as_wanted(&more), &wanted(), &[Step::DetachPassRole("pass".to_owned(), user("bob"))]);
    }

    #[test]
    fn a_custom_policy_with_the_name_of_a_system_policy_is_not_one() {
        let mut observed = as_wanted(&wanted());
        observed.attached = vec![policy(KMS_POLICIES[0], false), policy(KMS_POLICIES[1], true)];
        check(&observed, &wanted(), &[Step::AttachKmsPolicy(KMS_POLICIES[0])]);
        assert_eq!(observed.foreign_policies().collect::<Vec<_>>(), [&policy(KMS_POLICIES[0], false)]);
    }

    #[test]
    fn what_drifted_is_put_right() {
        let mut observed = as_wanted(&wanted());
        observed.trust_is_right = false;
        if let Some(pass_role) = &mut observed.pass_role {
            pass_role.document_is_right = false;
        }
        observed.attached.remove(0);
        check(
            &observed,
            &wanted(),
            &[
                Step::UpdateRole(RoleUpdate { trust: true, ..RoleUpdate::default() }),
                Step::AttachKmsPolicy(KMS_POLICIES[0]),
                Step::CorrectPassRolePolicy("pass".to_owned()),
            ],
        );
    }

    #[test]
    fn another_policy_name_is_held_before_the_old_one_goes() {
        let renamed = Wanted { pass_role: Some(pass_role("other", &["alice"])), ..wanted() };
        let (old, new) = ("pass".to_owned(), "other".to_owned());
        check(
            &as_wanted(&wanted()),
            &renamed,
            &[
                Step::CreatePassRolePolicy(new.clone()),
                Step::AttachPassRole(new, user("alice")),
                Step::DetachPassRole(old.clone(), user("alice")),
                Step::DeletePassRolePolicy(old),
            ],
        );
    }

    /// Carries a write out on paper.
    fn carry_out(observed: &mut Observed, step: Step, wanted: &Wanted) {
        match step {
            Step::UpdateRole(update) => {
                observed.trust_is_right |= update.trust;
                observed.description = update.description.unwrap_or_else(|| observed.description.clone());
                observed.max_session_duration =
                    update.max_session_duration.unwrap_or(observed.max_session_duration);
            }
            Step::AttachKmsPolicy(name) => observed.attached.push(policy(name, true)),
            Step::Tag(tags) => observed.tags.extend(tags),
            Step::Untag(keys) => observed.tags.retain(|key, _| !keys.contains(key)),
            Step::CreatePassRolePolicy(policy_name) => {
                let new =
                    ObservedPassRole { policy_name, document_is_right: true, principals: BTreeSet::new() };
                observed.pass_role = Some(new);
            }
            Step::CorrectPassRolePolicy(_) => {
                observed.pass_role.as_mut().unwrap().document_is_right = true;
            }
            Step::AttachPassRole(name, principal) => {
                let pass_role = observed.pass_role.as_mut().unwrap();
                assert_eq!(pass_role.policy_name, name);
                assert!(pass_role.principals.insert(principal), "attached twice");
            }
            // Those of the policy that was there before are gone from the paper with it.
            Step::DetachPassRole(name, principal) => match &mut observed.pass_role {
                Some(pass_role) if pass_role.policy_name == name => {
                    assert!(pass_role.principals.remove(&principal), "detached twice");
                }
                _ => assert!(wanted.pass_role.is_some()),
            },
            Step::DeletePassRolePolicy(name) => {
                if observed.pass_role.as_ref().is_some_and(|pass_role| pass_role.policy_name == name) {
                    assert!(observed.pass_role.as_ref().unwrap().principals.is_empty());
                    observed.pass_role = None;
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
    fn what_finishes_a_role_goes_last() {
        let mut observed = as_wanted(&wanted());
        observed.description = UNFINISHED.to_owned();
        let finish =
            Step::UpdateRole(RoleUpdate { description: Some("For SLS".to_owned()), ..RoleUpdate::default() });
        check(&observed, &wanted(), std::slice::from_ref(&finish));
        assert!(
            lacks_only_the_end(&observed, &wanted()) && !lacks_only_the_end(&as_wanted(&wanted()), &wanted())
        );
        observed.trust_is_right = false;
        observed.attached.pop();
        let trust = Step::UpdateRole(RoleUpdate { trust: true, ..RoleUpdate::default() });
        check(&observed, &wanted(), &[trust, Step::AttachKmsPolicy(KMS_POLICIES[1]), finish]);
        assert!(!lacks_only_the_end(&observed, &wanted()));
    }

    fn wants() -> impl Strategy<Value = Wanted> {
        let tags = prop::collection::btree_map("[a-c]", "[x-z]", 0..3);
        ("[a-b]", 3_600_i64..3_602, tags, pass_roles()).prop_map(
            |(description, max_session_duration, tags, pass_role)| Wanted {
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
        fn the_steps_lead_there_and_then_there_are_none(
            before in wants(), wanted in wants(), trust in any::<bool>(), document in any::<bool>(), policies in 0..3_usize,
            unfinished in any::<bool>(),
        ) {
            let mut observed = as_wanted(&before);
            if unfinished {
                observed.description = UNFINISHED.to_owned();
            }
            observed.trust_is_right = trust;
            observed.attached.truncate(policies);
            if let Some(pass_role) = &mut observed.pass_role {
                pass_role.document_is_right = document;
            }
            for step in steps(&observed, &wanted) {
                carry_out(&mut observed, step, &wanted);
            }
            prop_assert_eq!(steps(&observed, &wanted), vec![]);
            prop_assert_eq!(&observed.tags, &wanted.tags);
        }
    }
}
