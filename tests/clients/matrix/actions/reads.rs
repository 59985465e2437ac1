//! The actions of RAM, KMS and STS that change nothing that matters.

use cloud::ram::{PolicyId, RoleArn};
use cloud::sts::{AssumeRole, AssumeRoleWithOidc};

use super::super::cases::Service;
use super::{Action, Kind, Run};
use test_support::identity::PROVIDER;

use crate::scene::{group, identity_token, policy, role, user};

pub fn of_ram() -> Vec<Action> {
    let read = |name, run: Run| Action::new(Service::Ram, name, Kind::Read, run);
    vec![
        read("GetRole", |on| Box::pin(async { on.ram.get_role(&on.context, &role("idle")).await.map(drop) })),
        read("GetPolicy", |on| Box::pin(async { on.ram.get_policy(&on.context, &held()).await.map(drop) })),
        read("ListEntitiesForPolicy", |on| {
            Box::pin(async { on.ram.list_entities_for_policy(&on.context, &held()).await.map(drop) })
        }),
        read("ListPoliciesForRole", |on| {
            Box::pin(async { on.ram.list_policies_for_role(&on.context, &role("idle")).await.map(drop) })
        }),
        read("ListPoliciesForUser", |on| {
            Box::pin(async { on.ram.list_policies_for_user(&on.context, &user("bob")).await.map(drop) })
        }),
        read("ListPoliciesForGroup", |on| {
            Box::pin(async { on.ram.list_policies_for_group(&on.context, &group("readers")).await.map(drop) })
        }),
        read("GetUser", |on| Box::pin(async { on.ram.get_user(&on.context, &user("bob")).await.map(drop) })),
        read("ListGroupsForUser", |on| {
            Box::pin(async { on.ram.list_groups_for_user(&on.context, &user("bob")).await.map(drop) })
        }),
        read("ListRoles", |on| Box::pin(async { on.ram.list_roles(&on.context, &[], None).await.map(drop) })),
        read("ListTagResources", |on| {
            Box::pin(async { on.ram.list_tag_resources(&on.context, &role("idle"), None).await.map(drop) })
        }),
    ]
}

pub fn of_kms_and_sts() -> Vec<Action> {
    vec![
        Action::new(Service::Kms, "DescribeKey", Kind::Read, |on| {
            Box::pin(async { on.kms.describe_key(&on.context, "key-aes").await.map(drop) })
        }),
        Action::new(Service::Sts, "GetCallerIdentity", Kind::Read, |on| {
            Box::pin(async { on.sts.get_caller_identity(&on.context).await.map(drop) })
        }),
        // A session whose answer was lost only expires.
        Action::new(Service::Sts, "AssumeRole", Kind::Read, |on| {
            Box::pin(async { on.sts.assume_role(&on.context, &assume()).await.map(drop) })
        }),
        Action::new(Service::Sts, "AssumeRoleWithOIDC", Kind::Read, |on| {
            Box::pin(async { on.sts.assume_role_with_oidc(&on.context, &assume_with_oidc()).await.map(drop) })
        }),
    ]
}

fn held() -> PolicyId {
    PolicyId::custom(policy("held"))
}

fn trusting() -> RoleArn {
    RoleArn::parse("acs:ram::1234567890123456:role/idle").unwrap()
}

fn assume() -> AssumeRole {
    AssumeRole {
        role_arn: trusting(),
        role_session_name: "matrix".to_owned(),
        duration_seconds: None,
        policy: None,
        external_id: None,
    }
}

fn assume_with_oidc() -> AssumeRoleWithOidc {
    AssumeRoleWithOidc {
        role_arn: trusting(),
        oidc_provider_arn: PROVIDER.to_owned(),
        oidc_token: identity_token().into(),
        role_session_name: "matrix".to_owned(),
        duration_seconds: None,
        policy: None,
    }
}
