//! Tags on roles.

use cloud::error::ErrorKind;
use cloud::ram::Tag;

use crate::scene::{each, refused, role};

#[tokio::test]
async fn tags_are_added_replaced_listed_and_removed() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        scene.create_role("demo").await;
        let tags = async || ram.list_tag_resources(context, &role("demo"), None).await.unwrap().tags;
        let given = [Tag::new("a", "1"), Tag::new("b", "日 + &"), Tag::new("c", "")];
        ram.tag_resources(context, &role("demo"), &given).await.unwrap();
        ram.tag_resources(context, &role("demo"), &[Tag::new("a", "2")]).await.unwrap();
        assert_eq!(tags().await, [Tag::new("a", "2"), Tag::new("b", "日 + &"), Tag::new("c", "")]);
        ram.untag_resources(context, &role("demo"), &["a", "c", "never"]).await.unwrap();
        ram.untag_resources(context, &role("demo"), &[]).await.unwrap();
        assert_eq!(tags().await, [Tag::new("b", "日 + &")]);
        let gone = ram.tag_resources(context, &role("gone"), &given).await;
        refused(gone, ErrorKind::NotFound, "EntityNotExist.Role");
        let gone = ram.untag_resources(context, &role("gone"), &["a"]).await;
        refused(gone, ErrorKind::NotFound, "EntityNotExist.Role");
    })
    .await;
}
