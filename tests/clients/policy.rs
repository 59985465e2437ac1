//! Policies and their versions.

use alicloud_encryption::cloud::error::ErrorKind;
use alicloud_encryption::cloud::ram::{
    CreatePolicy, CreatePolicyVersion, PolicyDocument, PolicyId, PolicyKind, RotateStrategy,
};

use crate::scene::{Scene, each, new_policy, policy, refused};

/// A document nearly as long as they may be.
fn long_document() -> String {
    let resources: Vec<String> =
        (0..140).map(|n| format!("\"acs:ram::1234567890123456:role/name-{n:04}\"")).collect();
    let resources = resources.join(",");
    format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"ram:PassRole","Resource":[{resources}]}}]}}"#
    )
}

#[tokio::test]
async fn a_policy_is_created_read_changed_and_deleted() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        let create = CreatePolicy { description: Some("first".to_owned()), ..new_policy("Pass-Role", &arn) };
        let created = ram.create_policy(context, &create).await.unwrap();
        assert_eq!((created.id.policy_type, created.default_version.as_str()), (PolicyKind::Custom, "v1"));

        let id = PolicyId::custom(policy("pass-role"));
        let read = ram.get_policy(context, &id).await.unwrap();
        assert!(read.policy.id.is_same(&id));
        assert_eq!((read.policy.description.as_str(), read.policy.attachment_count), ("first", Some(0)));
        let document = read.default_policy_version.policy_document.unwrap();
        assert_eq!(PolicyDocument::parse(&document).unwrap(), PolicyDocument::pass_role(&arn));

        let updated = ram.update_policy_description(context, &id.policy_name, "second").await.unwrap();
        assert_eq!(updated.description, "second");
        ram.delete_policy(context, &id.policy_name, false).await.unwrap();
        refused(ram.get_policy(context, &id).await, ErrorKind::NotFound, "EntityNotExist.Policy");
    })
    .await;
}

#[tokio::test]
async fn a_document_as_long_as_they_may_be_arrives_whole() {
    each(async |scene| {
        let document = long_document();
        assert!((5800..=6144).contains(&document.chars().count()), "{}", document.chars().count());
        let arn = scene.create_role("demo").await.arn;
        let create = CreatePolicy { policy_document: document.clone(), ..new_policy("long", &arn) };
        let id = scene.ram.create_policy(&scene.context, &create).await.unwrap().id;
        let read = scene.ram.get_policy(&scene.context, &id).await.unwrap();
        assert_eq!(read.default_policy_version.policy_document.unwrap(), document);
    })
    .await;
}

async fn add_version(scene: &Scene, document: &str, rotate_strategy: RotateStrategy) -> String {
    let create = CreatePolicyVersion {
        policy_name: policy("pass"),
        policy_document: document.to_owned(),
        set_as_default: rotate_strategy != RotateStrategy::None,
        rotate_strategy,
    };
    let version = scene.ram.create_policy_version(&scene.context, &create).await.unwrap();
    assert_eq!(version.is_default_version, create.set_as_default);
    version.version_id
}

#[tokio::test]
async fn versions_are_added_put_in_force_and_deleted() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        let id = scene.create_policy("pass", &arn).await;
        let name = &id.policy_name;
        let other = r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
        assert_eq!(add_version(&scene, other, RotateStrategy::None).await, "v2");
        let second = ram.get_policy_version(context, &id, "v2").await.unwrap();
        assert_eq!((second.policy_document.as_deref(), second.is_default_version), (Some(other), false));

        ram.set_default_policy_version(context, name, "v2").await.unwrap();
        let default = ram.delete_policy_version(context, name, "v2").await;
        refused(default, ErrorKind::Conflict, "DeleteConflict.Policy.Version.Default");
        let one_left = ram.delete_policy(context, name, false).await;
        refused(one_left, ErrorKind::Conflict, "DeleteConflict.Policy.Version");
        ram.delete_policy_version(context, name, "v1").await.unwrap();
        let versions = ram.list_policy_versions(context, &id).await.unwrap();
        assert_eq!(versions.iter().map(|version| &version.version_id).collect::<Vec<_>>(), ["v2"]);
        let gone = ram.get_policy_version(context, &id, "v1").await;
        refused(gone, ErrorKind::NotFound, "EntityNotExist.Policy.Version");
        let gone = ram.set_default_policy_version(context, name, "v9").await;
        refused(gone, ErrorKind::NotFound, "EntityNotExist.Policy.Version");
    })
    .await;
}

#[tokio::test]
async fn the_oldest_version_makes_room_when_it_is_asked_to() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        let id = scene.create_policy("pass", &arn).await;
        let document = PolicyDocument::pass_role(&arn).to_string();
        for _ in 0..4 {
            add_version(&scene, &document, RotateStrategy::None).await;
        }
        let sixth = CreatePolicyVersion {
            policy_name: policy("pass"),
            policy_document: document.clone(),
            set_as_default: true,
            rotate_strategy: RotateStrategy::None,
        };
        let full = ram.create_policy_version(context, &sixth).await;
        refused(full, ErrorKind::Invalid, "LimitExceeded.Policy.Version");
        let rotate = RotateStrategy::DeleteOldestNonDefaultVersionWhenLimitExceeded;
        assert_eq!(add_version(&scene, &document, rotate).await, "v6");
        let versions = ram.list_policy_versions(context, &id).await.unwrap();
        let ids: Vec<&str> = versions.iter().map(|version| version.version_id.as_str()).collect();
        assert_eq!(ids, ["v1", "v3", "v4", "v5", "v6"], "v1 was in force");
        ram.delete_policy(context, &id.policy_name, true).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn refusals_of_policies_have_their_kinds() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        let create = new_policy("pass", &arn);
        ram.create_policy(context, &create).await.unwrap();
        let again = ram.create_policy(context, &create).await;
        refused(again, ErrorKind::AlreadyExists, "EntityAlreadyExists.Policy");
        let malformed = CreatePolicy { policy_document: "[]".to_owned(), ..new_policy("other", &arn) };
        refused(ram.create_policy(context, &malformed).await, ErrorKind::Invalid, "MalformedPolicyDocument");
        let gone = policy("gone");
        refused(
            ram.update_policy_description(context, &gone, "d").await,
            ErrorKind::NotFound,
            "EntityNotExist.Policy",
        );
        refused(ram.delete_policy(context, &gone, true).await, ErrorKind::NotFound, "EntityNotExist.Policy");
        refused(
            ram.list_policy_versions(context, &PolicyId::system(gone)).await,
            ErrorKind::NotFound,
            "EntityNotExist.Policy",
        );
    })
    .await;
}
