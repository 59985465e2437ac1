//! The actions of RAM that change roles, and tags.

use cloud::ram::{Tag, UpdateRole};

use super::super::cases::Service;
use super::super::stage::Clients;
use super::{Action, Kind, Look, Run};
use crate::scene::{new_role, role};

pub fn actions() -> Vec<Action> {
    let write = |name, run: Run, look: Look| Action::new(Service::Ram, name, Kind::Write(look), run);
    vec![
        write(
            "CreateRole",
            |on| Box::pin(async { on.ram.create_role(&on.context, &new_role("made")).await.map(drop) }),
            |on| Box::pin(async { on.ram.get_role(&on.context, &role("made")).await.is_ok() }),
        ),
        write(
            "UpdateRole",
            |on| {
                Box::pin(async {
                    let update =
                        UpdateRole { description: Some("changed".to_owned()), ..UpdateRole::default() };
                    on.ram.update_role(&on.context, &role("idle"), &update).await.map(drop)
                })
            },
            |on| {
                Box::pin(async {
                    on.ram.get_role(&on.context, &role("idle")).await.unwrap().description == "changed"
                })
            },
        ),
        write(
            "DeleteRole",
            |on| Box::pin(async { on.ram.delete_role(&on.context, &role("idle")).await }),
            |on| Box::pin(async { on.ram.get_role(&on.context, &role("idle")).await.is_err() }),
        ),
        write(
            "TagResources",
            |on| Box::pin(tag(on)),
            |on| Box::pin(async { tags(on).await == [Tag::new("team", "logs")] }),
        ),
        write(
            "UntagResources",
            |on| Box::pin(async { on.ram.untag_resources(&on.context, &role("idle"), &["team"]).await }),
            |on| Box::pin(async { tags(on).await.is_empty() }),
        )
        .after(|on| Box::pin(async { tag(on).await.unwrap() })),
    ]
}

async fn tag(on: &Clients) -> Result<(), cloud::error::Error> {
    on.ram.tag_resources(&on.context, &role("idle"), &[Tag::new("team", "logs")]).await
}

async fn tags(on: &Clients) -> Vec<Tag> {
    on.ram.list_tag_resources(&on.context, &role("idle"), None).await.unwrap().tags
}
