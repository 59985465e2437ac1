//! Policies and their versions.

use cloud::error::ErrorKind;
use cloud::ram::{CreatePolicy, PolicyDocument, PolicyId, PolicyKind};

use crate::scene::{each, new_policy, policy, refused};

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
        assert_eq!(created.id.policy_type, PolicyKind::Custom);

        let id = PolicyId::custom(policy("pass-role"));
        let read = ram.get_policy(context, &id).await.unwrap();
        assert!(read.policy.id.is_same(&id));
        assert_eq!(read.policy.description, "first");
        assert_eq!(read.default_policy_version.version_id, "v1");
        let document = read.default_policy_version.policy_document.unwrap();
        assert_eq!(PolicyDocument::parse(&document).unwrap(), PolicyDocument::pass_role(&arn));

        ram.delete_policy(context, &id.policy_name).await.unwrap();
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

#[tokio::test]
async fn a_new_version_is_in_force_and_the_oldest_makes_room() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        let id = scene.create_policy("pass", &arn).await;
        for number in 2..=7 {
            let document = format!(
                r#"{{"Version":"1","Statement":[{{"Effect":"Deny","Action":"*","Resource":"{number}"}}]}}"#
            );
            let made = ram.create_policy_version(context, &id.policy_name, &document).await.unwrap();
            assert_eq!(made.version_id, format!("v{number}"));
            let read = ram.get_policy(context, &id).await.unwrap().default_policy_version;
            assert_eq!((read.version_id, read.policy_document), (made.version_id, Some(document)));
        }
        ram.delete_policy(context, &id.policy_name).await.unwrap();
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
        refused(ram.delete_policy(context, &gone).await, ErrorKind::NotFound, "EntityNotExist.Policy");
        let gone = ram.create_policy_version(context, &gone, &create.policy_document).await;
        refused(gone, ErrorKind::NotFound, "EntityNotExist.Policy");
    })
    .await;
}
