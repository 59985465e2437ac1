//! Who calls: keys, sessions, and callers that are refused.

use cloud::credentials::Credentials;
use cloud::error::ErrorKind;
use cloud::ram::RoleArn;
use cloud::sts::{AssumeRole, IdentityType};

use crate::scene::{SIGNATURES, Scene, assume_admin, key, new_policy, new_role, refused, role, session_key};

#[tokio::test]
async fn every_caller_learns_who_it_is() {
    for signature in SIGNATURES {
        let scene = Scene::start(signature).await;
        let root = scene.sts.get_caller_identity(&scene.context).await.unwrap();
        assert_eq!(
            (root.identity_type, root.account_id.as_str()),
            (IdentityType::Account, "1234567890123456")
        );
        let scene = scene.by(signature, key("ak-bob", "sk-bob"));
        let bob = scene.sts.get_caller_identity(&scene.context).await.unwrap();
        assert_eq!((&bob.identity_type, bob.user_name()), (&IdentityType::RamUser, Some("bob")));
        let scene = scene.in_a_session(signature).await;
        let session = scene.sts.get_caller_identity(&scene.context).await.unwrap();
        assert_eq!(
            (&session.identity_type, session.role_name()),
            (&IdentityType::AssumedRoleUser, Some("admin"))
        );
        assert_eq!(session.arn, "acs:ram::1234567890123456:assumed-role/admin/clients");
    }
}

#[tokio::test]
async fn a_session_can_be_narrowed_down() {
    for signature in SIGNATURES {
        let scene = Scene::start(signature).await.by(signature, key("ak-alice", "sk-alice"));
        let policy =
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:GetRole","Resource":"*"}]}"#;
        let assume = AssumeRole { policy: Some(policy.to_owned()), ..assume_admin() };
        let session = scene.sts.assume_role(&scene.context, &assume).await.unwrap();
        let scene = scene.by(signature, session_key(session));
        scene.ram.get_role(&scene.context, &role("admin")).await.unwrap();
        let create = scene.ram.create_role(&scene.context, &new_role("demo")).await;
        refused(create, ErrorKind::Denied, "NoPermission");
    }
}

#[tokio::test]
async fn refusals_of_sessions_have_their_kinds() {
    for signature in SIGNATURES {
        let scene = Scene::start(signature).await.by(signature, key("ak-alice", "sk-alice"));
        let gone = RoleArn::parse("acs:ram::1234567890123456:role/gone").unwrap();
        let gone = AssumeRole { role_arn: gone, ..assume_admin() };
        let gone = scene.sts.assume_role(&scene.context, &gone).await;
        refused(gone.map(drop), ErrorKind::NotFound, "EntityNotExist.Role");
        let short = AssumeRole { duration_seconds: Some(1), ..assume_admin() };
        let short = scene.sts.assume_role(&scene.context, &short).await.unwrap_err();
        assert_eq!(short.kind(), ErrorKind::Invalid, "{short}");
        let scene = scene.by(signature, key("ak-bob", "sk-bob"));
        let bob = scene.sts.assume_role(&scene.context, &assume_admin()).await;
        refused(bob.map(drop), ErrorKind::Denied, "NoPermission");
    }
}

#[tokio::test]
async fn callers_that_are_not_accepted_are_unauthenticated() {
    for signature in SIGNATURES {
        let mut scene = Scene::start(signature).await;
        let token = |mut key: Credentials| {
            key.security_token = Some("CAIScanary/+=".into());
            key
        };
        for (credentials, code) in [
            (key("ak-gone", "sk-root"), "InvalidAccessKeyId.NotFound"),
            (key("ak-root", "sk-canary"), "SignatureDoesNotMatch"),
            (token(key("ak-root", "sk-root")), "InvalidSecurityToken.Malformed"),
        ] {
            scene = scene.by(signature, credentials);
            let error = scene.ram.get_role(&scene.context, &role("admin")).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some(code)), "{error}");
            assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn who_may_do_nothing_is_denied_everything() {
    for signature in SIGNATURES {
        let scene = Scene::start(signature).await.by(signature, key("ak-bob", "sk-bob"));
        let (ram, context) = (&scene.ram, &scene.context);
        refused(ram.get_role(context, &role("admin")).await, ErrorKind::Denied, "NoPermission");
        refused(ram.create_role(context, &new_role("demo")).await, ErrorKind::Denied, "NoPermission");
        let arn = RoleArn::parse("acs:ram::1234567890123456:role/admin").unwrap();
        let create = ram.create_policy(context, &new_policy("pass", &arn)).await;
        refused(create, ErrorKind::Denied, "NoPermission");
        let describe = scene.kms.describe_key(context, "key-aes").await;
        refused(describe, ErrorKind::Denied, "Forbidden.NoPermission");
    }
}
