//! Roles, through their whole life.

use cloud::error::ErrorKind;
use cloud::ram::{CreateRole, PolicyDocument, Tag, UpdateRole};

use crate::scene::{each, new_role, refused, role};

#[tokio::test]
async fn a_role_is_created_read_changed_and_deleted() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let create = CreateRole {
            description: Some("日志 & BYOK + 100%".to_owned()),
            max_session_duration: Some(7200),
            tags: vec![Tag::new("team", "a b/c")],
            ..new_role("Sls-Byok")
        };
        let created = ram.create_role(context, &create).await.unwrap();
        assert_eq!(created.arn.as_str(), "acs:ram::1234567890123456:role/sls-byok");
        assert_eq!((created.role_name.as_str(), created.max_session_duration), ("Sls-Byok", 7200));

        let read = ram.get_role(context, &role("sls-BYOK")).await.unwrap();
        assert_eq!(read.description, "日志 & BYOK + 100%");
        assert_eq!((read.role_id, read.role_name), (created.role_id, created.role_name));
        assert_eq!(read.assume_role_policy_document, create.assume_role_policy_document);

        let trust = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"],
            "Principal": {"Service": "log.aliyuncs.com"}}]}"#;
        let update = UpdateRole {
            assume_role_policy_document: Some(trust.to_owned()),
            description: Some("new".to_owned()),
            max_session_duration: Some(3600),
        };
        let updated = ram.update_role(context, &role("Sls-Byok"), &update).await.unwrap();
        assert_eq!((updated.description.as_str(), updated.max_session_duration), ("new", 3600));
        assert_eq!(updated.assume_role_policy_document, trust, "kept as it was sent");
        assert_eq!(PolicyDocument::parse(trust).unwrap(), PolicyDocument::byok_trust());

        ram.delete_role(context, &role("Sls-Byok")).await.unwrap();
        refused(ram.get_role(context, &role("Sls-Byok")).await, ErrorKind::NotFound, "EntityNotExist.Role");
    })
    .await;
}

#[tokio::test]
async fn refusals_of_roles_have_their_kinds() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        scene.create_role("demo").await;
        refused(
            ram.create_role(context, &new_role("DEMO")).await,
            ErrorKind::AlreadyExists,
            "EntityAlreadyExists.Role",
        );
        let malformed = CreateRole { assume_role_policy_document: "{".to_owned(), ..new_role("other") };
        refused(ram.create_role(context, &malformed).await, ErrorKind::Invalid, "MalformedPolicyDocument");
        let gone = role("gone");
        let update = UpdateRole::default();
        refused(ram.update_role(context, &gone, &update).await, ErrorKind::NotFound, "EntityNotExist.Role");
        refused(ram.delete_role(context, &gone).await, ErrorKind::NotFound, "EntityNotExist.Role");
        let admin = ram.delete_role(context, &role("Admin")).await;
        refused(admin, ErrorKind::Conflict, "DeleteConflict.Role.Policy");
    })
    .await;
}
