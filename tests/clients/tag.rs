//! Tags on roles and policies.

use alicloud_encryption::cloud::error::ErrorKind;
use alicloud_encryption::cloud::ram::{ListRoles, ListTagResources, Tag, TagResourceType};

use crate::scene::{Scene, each, refused};

async fn tags(scene: &Scene, resource_type: TagResourceType, name: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut wanted = ListTagResources {
        resource_type,
        resource_names: vec![name.to_owned()],
        tags: Vec::new(),
        next_token: None,
        page_size: Some(2),
    };
    loop {
        let page = scene.ram.list_tag_resources(&scene.context, &wanted).await.unwrap();
        assert!(page.tag_resources.len() <= 2);
        found.extend(page.tag_resources.into_iter().map(|tagged| tagged.tag));
        wanted.next_token = page.next_token;
        if wanted.next_token.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn tags_are_added_replaced_listed_and_removed() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("demo").await.arn;
        scene.create_policy("pass", &arn).await;
        for (kind, name) in [(TagResourceType::Role, "demo"), (TagResourceType::Policy, "pass")] {
            let given = [Tag::new("a", "1"), Tag::new("b", "日 + &"), Tag::new("c", "")];
            ram.tag_resources(context, kind, &[name], &given).await.unwrap();
            ram.tag_resources(context, kind, &[name], &[Tag::new("a", "2")]).await.unwrap();
            let expected = [Tag::new("a", "2"), Tag::new("b", "日 + &"), Tag::new("c", "")];
            assert_eq!(tags(&scene, kind, name).await, expected);
            ram.untag_resources(context, kind, &[name], &["a", "c", "never"]).await.unwrap();
            ram.untag_resources(context, kind, &[name], &[]).await.unwrap();
            assert_eq!(tags(&scene, kind, name).await, [Tag::new("b", "日 + &")]);
            let gone = ram.tag_resources(context, kind, &["gone"], &given).await;
            let code = match kind {
                TagResourceType::Role => "EntityNotExist.Role",
                TagResourceType::Policy => "EntityNotExist.Policy",
            };
            refused(gone, ErrorKind::NotFound, code);
            refused(ram.untag_resources(context, kind, &["gone"], &["a"]).await, ErrorKind::NotFound, code);
        }
    })
    .await;
}

#[tokio::test]
async fn roles_are_found_by_their_tags() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        for name in ["r1", "r2"] {
            scene.create_role(name).await;
        }
        let tag = Tag::new("team", "logs");
        ram.tag_resources(context, TagResourceType::Role, &["r2"], std::slice::from_ref(&tag)).await.unwrap();
        let wanted = ListRoles { tags: vec![tag.clone()], ..ListRoles::default() };
        let page = ram.list_roles(context, &wanted).await.unwrap();
        let [found] = &page.roles[..] else { panic!("{page:?}") };
        assert_eq!((found.role_name.as_str(), &found.tags), ("r2", &vec![tag]));
    })
    .await;
}
