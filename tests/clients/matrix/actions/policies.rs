//! The actions of RAM that change policies and their versions.

use alicloud_encryption::cloud::error::Error;
use alicloud_encryption::cloud::ram::{
    CreatePolicyVersion, PolicyDocument, PolicyId, PolicyVersion, RoleArn, RotateStrategy,
};

use super::super::cases::Service;
use super::super::stage::Clients;
use super::{Action, Kind, Look, Run};
use crate::scene::{new_policy, policy};

pub fn actions() -> Vec<Action> {
    let write = |name, run: Run, look: Look| Action::new(Service::Ram, name, Kind::Write(look), run);
    let of_version = |name, run: Run, look: Look| {
        write(name, run, look).after(|on| {
            Box::pin(async {
                create(on).await.unwrap();
                add_version(on).await.unwrap();
            })
        })
    };
    let of_policy = |name, run: Run, look: Look| {
        write(name, run, look).after(|on| Box::pin(async { create(on).await.unwrap() }))
    };
    vec![
        write(
            "CreatePolicy",
            |on| Box::pin(create(on)),
            |on| Box::pin(async { on.ram.get_policy(&on.context, &made()).await.is_ok() }),
        ),
        of_policy(
            "UpdatePolicyDescription",
            |on| {
                Box::pin(async {
                    let name = &made().policy_name;
                    on.ram.update_policy_description(&on.context, name, "changed").await.map(drop)
                })
            },
            |on| {
                Box::pin(async {
                    let found = on.ram.get_policy(&on.context, &made()).await.unwrap();
                    found.policy.description == "changed"
                })
            },
        ),
        of_policy(
            "DeletePolicy",
            |on| Box::pin(async { on.ram.delete_policy(&on.context, &made().policy_name, true).await }),
            |on| Box::pin(async { on.ram.get_policy(&on.context, &made()).await.is_err() }),
        ),
        of_policy(
            "CreatePolicyVersion",
            |on| Box::pin(add_version(on)),
            |on| Box::pin(async { versions(on).await == ["v1", "v2"] }),
        ),
        of_version(
            "SetDefaultPolicyVersion",
            |on| {
                Box::pin(async {
                    on.ram.set_default_policy_version(&on.context, &made().policy_name, "v2").await
                })
            },
            |on| {
                Box::pin(async {
                    let found = on.ram.get_policy(&on.context, &made()).await.unwrap();
                    found.policy.default_version == "v2"
                })
            },
        ),
        of_version(
            "DeletePolicyVersion",
            |on| {
                Box::pin(async { on.ram.delete_policy_version(&on.context, &made().policy_name, "v2").await })
            },
            |on| Box::pin(async { versions(on).await == ["v1"] }),
        ),
    ]
}

fn made() -> PolicyId {
    PolicyId::custom(policy("made"))
}

fn arn() -> RoleArn {
    RoleArn::parse("acs:ram::1234567890123456:role/idle").unwrap()
}

async fn create(on: &Clients) -> Result<(), Error> {
    on.ram.create_policy(&on.context, &new_policy("made", &arn())).await.map(drop)
}

async fn add_version(on: &Clients) -> Result<(), Error> {
    let create = CreatePolicyVersion {
        policy_name: policy("made"),
        policy_document: PolicyDocument::pass_role(&arn()).to_string(),
        set_as_default: false,
        rotate_strategy: RotateStrategy::None,
    };
    on.ram.create_policy_version(&on.context, &create).await.map(drop)
}

async fn versions(on: &Clients) -> Vec<String> {
    let versions = on.ram.list_policy_versions(&on.context, &made()).await.unwrap();
    let id = |version: PolicyVersion| version.version_id;
    versions.into_iter().map(id).collect()
}
