//! The sequences, as the provider drives them, and what is there before.

use std::collections::{BTreeMap, BTreeSet};

use cloud::error::ErrorKind;
use cloud::names::RoleName;
use cloud::ram::byok_role::{
    BoundRole, DeleteRoleError, DesiredRole, KMS_POLICIES, PassRole, Principal, PrincipalKind, StepError,
    Visibility, diff, pass_role_description,
};
use cloud::ram::{CreatePolicy, PolicyDocument, RoleArn, Tag};
use serde_json::{Value, json};

use super::super::account::seed;
use super::super::stage::Clients;
use super::{Change, Problem};
use crate::scene::{group, new_policy, role, user};

/// The policy that lets principals hand the role over.
pub const POLICY: &str = "hand-over";
/// The same one under another name.
pub const RENAMED: &str = "hand-over-2";
/// One that a run which failed has left.
pub const LEFT: &str = "hand-over-0";

/// The role.
pub const ROLE: &str = "made";

/// From nothing.
pub const MAKE: Change = Change {
    seed,
    prepare: |_| Box::pin(async {}),
    run: |on| Box::pin(ensure(on, POLICY, wanted(POLICY, &[CAROL]))),
    calls: &[
        "GetRole",
        "CreateRole",
        "AttachPolicyToRole",
        "AttachPolicyToRole",
        "CreatePolicy",
        "AttachPolicyToUser",
        "UpdateRole",
        "GetRole",
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "GetRole",
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
    ],
    only_once: &["CreateRole", "CreatePolicy"],
};

/// From a role of which everything is a little different.
pub const CORRECT: Change = Change {
    seed: with_a_little_different,
    prepare: |on| {
        Box::pin(async {
            make_ours(on, POLICY, "idle", &[("user", "bob")]).await;
            tag(on, &[Tag::new("team", "other"), Tag::new("old", "1")]).await;
        })
    },
    run: |on| Box::pin(ensure(on, POLICY, wanted(POLICY, &[CAROL]))),
    calls: &[
        "GetRole",
        "ListPoliciesForRole",
        "ListTagResources",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "UpdateRole",
        "AttachPolicyToRole",
        "UntagResources",
        "TagResources",
        "CreatePolicyVersion",
        "AttachPolicyToUser",
        "DetachPolicyFromUser",
        "GetRole",
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "GetRole",
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
    ],
    only_once: &["CreatePolicyVersion"],
};

/// From a role that is right but for its policy's name.
pub const RENAME: Change = Change {
    seed: with_all_right,
    prepare: |on| {
        Box::pin(async {
            make_ours(on, POLICY, ROLE, &[("group", "writers"), ("user", "carol"), ("role", "idle")]).await;
            tag(on, &[Tag::new("team", "logs")]).await;
        })
    },
    run: |on| Box::pin(ensure(on, POLICY, wanted(RENAMED, &[CAROL, WRITERS, IDLE]))),
    calls: &[
        "GetRole",
        "ListPoliciesForRole",
        "ListTagResources",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "CreatePolicy",
        "AttachPolicyToUser",
        "AttachPolicyToGroup",
        "AttachPolicyToRole",
        "DetachPolicyFromUser",
        "DetachPolicyFromGroup",
        "DetachPolicyFromRole",
        "DeletePolicy",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "GetPolicy",
        "ListEntitiesForPolicy",
    ],
    only_once: &["CreatePolicy", "DeletePolicy"],
};

/// A role with its policy, one that a run which failed has left, and one that somebody else has attached.
pub const REMOVE: Change = Change {
    seed: with_all_to_remove,
    prepare: |on| {
        Box::pin(async {
            make_ours(on, POLICY, ROLE, &[("group", "writers"), ("user", "carol"), ("role", "idle")]).await;
            make_ours(on, LEFT, ROLE, &[("user", "bob")]).await;
        })
    },
    run: |on| Box::pin(remove(on)),
    calls: &[
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "DetachPolicyFromUser",
        "DeletePolicy",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "DetachPolicyFromUser",
        "DetachPolicyFromGroup",
        "DetachPolicyFromRole",
        "DeletePolicy",
        "DetachPolicyFromRole",
        "DetachPolicyFromRole",
        "DetachPolicyFromRole",
        "DeleteRole",
    ],
    only_once: &["DeleteRole"],
};

/// Somebody who may hand the role over.
type Named = (PrincipalKind, &'static str);

const CAROL: Named = (PrincipalKind::User, "carol");
const WRITERS: Named = (PrincipalKind::Group, "writers");
const IDLE: Named = (PrincipalKind::Role, "idle");

fn wanted(policy_name: &str, principals: &[Named]) -> DesiredRole {
    let principals =
        principals.iter().map(|(kind, name)| Principal { kind: *kind, name: (*name).to_owned() });
    DesiredRole {
        role_name: ROLE.to_owned(),
        description: "For SLS".to_owned(),
        max_session_duration: 7200,
        tags: BTreeMap::from([("team".to_owned(), "logs".to_owned())]),
        pass_role: Some(PassRole { policy_name: policy_name.to_owned(), principals: principals.collect() }),
    }
}

fn bound<'a>(on: &'a Clients, name: &'a RoleName) -> BoundRole<'a> {
    BoundRole { client: &on.ram, clock: on.ram.clock(), context: &on.context, name }
}

/// Reads the role, creates it if it does not exist, and changes what differs.
async fn ensure(on: &Clients, known_policy: &str, wanted: DesiredRole) -> Result<(), Problem> {
    let name = role(ROLE);
    let bound = bound(on, &name);
    let (arn, mut observed) = match bound.read(Some(known_policy)).await {
        Ok(mut found) => {
            // One of somebody else is not taken over.
            found.actual.pass_role =
                found.actual.pass_role.filter(|_| found.pass_role.is_some_and(|policy| policy.is_ours));
            (found.role.arn, found.actual)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (role, observed) = bound.create(&wanted, true).await?;
            (role.arn, observed)
        }
        Err(error) => return Err(error.into()),
    };
    let steps = diff(&observed, &wanted);
    bound.execute(&arn, &steps, &mut observed).await?;
    match bound.wait_until_visible(&arn, &wanted, &steps).await {
        Visibility::Visible => Ok(()),
        Visibility::NotVisible(what) => Err(Problem::Other(format!("not seen: {what}"))),
        Visibility::Unknown(error) => Err(error.into()),
    }
}

async fn remove(on: &Clients) -> Result<(), Problem> {
    let name = role(ROLE);
    let left = BTreeSet::from([LEFT.to_owned()]);
    Ok(bound(on, &name).delete(Some(POLICY), &left, true).await?)
}

/// Makes a policy that lets its holders hand a role over, with the description that tells that it is ours.
async fn make_ours(on: &Clients, name: &str, handed_over: &str, holders: &[(&str, &str)]) {
    let arn = RoleArn::parse(&format!("acs:ram::1234567890123456:role/{handed_over}")).unwrap();
    let description = Some(pass_role_description(&role(ROLE)));
    let create = CreatePolicy { description, ..new_policy(name, &arn) };
    let id = on.ram.create_policy(&on.context, &create).await.unwrap().id;
    for (kind, name) in holders {
        match *kind {
            "user" => on.ram.attach_policy_to_user(&on.context, &id, &user(name)).await.unwrap(),
            "group" => on.ram.attach_policy_to_group(&on.context, &id, &group(name)).await.unwrap(),
            _ => on.ram.attach_policy_to_role(&on.context, &id, &role(name)).await.unwrap(),
        }
    }
}

async fn tag(on: &Clients, tags: &[Tag]) {
    on.ram.tag_resources(&on.context, &role(ROLE), tags).await.unwrap();
}

/// The role as it is wanted, but for its tags and the policy.
fn with_all_right() -> Value {
    let mut seed = seed();
    add_role(&mut seed, "For SLS", 7200, &KMS_POLICIES);
    seed
}

/// The role with one description, duration and policy that are wrong or missing.
fn with_a_little_different() -> Value {
    let mut seed = seed();
    add_role(&mut seed, "Other", 3600, &["AliyunKMSReadOnlyAccess"]);
    seed
}

fn with_all_to_remove() -> Value {
    let mut seed = with_all_right();
    let roles = seed["roles"].as_array_mut().unwrap();
    let made = roles.iter_mut().find(|role| role["name"] == ROLE).unwrap();
    made["policies"].as_array_mut().unwrap().push(json!("held"));
    seed
}

fn add_role(seed: &mut Value, description: &str, max_session_duration: i64, policies: &[&str]) {
    let trust: Value = serde_json::from_str(&PolicyDocument::byok_trust().to_string()).unwrap();
    let role = json!({ "name": ROLE, "description": description, "max_session_duration": max_session_duration,
        "assume_role_policy_document": trust, "policies": policies });
    seed["roles"].as_array_mut().unwrap().push(role);
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Call(error) => Self::Call(error),
            other => Self::Other(format!("{other:?}")),
        }
    }
}

impl From<DeleteRoleError> for Problem {
    fn from(error: DeleteRoleError) -> Self {
        match error {
            DeleteRoleError::Call(error) => Self::Call(error),
            other => Self::Other(format!("{other:?}")),
        }
    }
}
