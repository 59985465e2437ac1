//! Tags on roles and policies.

use serde_json::{Value, json};

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::ram::RamClient;
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// `Key`, up to 128 characters.
    pub key: String,
    /// `Value`, up to 256 characters.
    pub value: String,
}

/// `ResourceType`: what can carry tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagResourceType {
    /// `role`
    Role,
    /// `policy`
    Policy,
}

/// The parameters of `ListTagResources`; what is `None` or empty is left to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTagResources {
    /// `ResourceType`
    pub resource_type: TagResourceType,
    /// `ResourceNames`: only the tags of these, up to 50; empty for all.
    pub resource_names: Vec<String>,
    /// `Tag`: only of resources that carry these.
    pub tags: Vec<Tag>,
    /// `NextToken`: [`TagPage::next_token`] of the page before.
    pub next_token: Option<String>,
    /// `PageSize`: how many tags to give at most, 1 to 100.
    pub page_size: Option<u32>,
}

/// A tag and what carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedResource {
    /// `ResourceName`
    pub resource_name: String,
    /// `TagKey` and `TagValue`
    pub tag: Tag,
}

/// One page of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPage {
    /// The tags on this page.
    pub tag_resources: Vec<TaggedResource>,
    /// Where the next page begins; `None` on the last one.
    pub next_token: Option<String>,
}

impl RamClient {
    /// `TagResources`: adds tags to up to 50 roles or policies, in the place of those with the same keys.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role` or `EntityNotExist.Policy`; otherwise any kind.
    pub async fn tag_resources(
        &self,
        context: &CallContext,
        resource_type: TagResourceType,
        resource_names: &[&str],
        tags: &[Tag],
    ) -> Result<(), Error> {
        let target = resource_names.join(", ");
        let parameters = named(resource_type, resource_names).with_list("Tag", to_json(tags));
        self.rpc.run(context, Call::new("TagResources", &target, parameters)).await
    }

    /// `UntagResources`: removes the tags with these keys. Without keys nothing is removed: the service is not
    /// asked.
    ///
    /// # Errors
    /// As [`RamClient::tag_resources`].
    pub async fn untag_resources(
        &self,
        context: &CallContext,
        resource_type: TagResourceType,
        resource_names: &[&str],
        tag_keys: &[&str],
    ) -> Result<(), Error> {
        if tag_keys.is_empty() {
            return Ok(());
        }
        let target = resource_names.join(", ");
        let keys = tag_keys.iter().map(|key| Value::from(*key)).collect();
        let parameters = named(resource_type, resource_names).with_list("TagKeys", keys);
        self.rpc.run(context, Call::new("UntagResources", &target, parameters)).await
    }

    /// `ListTagResources`: one page.
    ///
    /// # Errors
    /// Any kind.
    pub async fn list_tag_resources(
        &self,
        context: &CallContext,
        wanted: &ListTagResources,
    ) -> Result<TagPage, Error> {
        let names: Vec<&str> = wanted.resource_names.iter().map(String::as_str).collect();
        let target = if names.is_empty() { "tags".to_owned() } else { names.join(", ") };
        let parameters = named(wanted.resource_type, &names)
            .with_list("Tag", to_json(&wanted.tags))
            .with_optional("NextToken", wanted.next_token.as_ref())
            .with_optional("PageSize", wanted.page_size);
        self.rpc.read(context, Call::new("ListTagResources", &target, parameters), &TagPage::read).await
    }
}

/// Tags as parameters have them.
pub(super) fn to_json(tags: &[Tag]) -> Vec<Value> {
    tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect()
}

fn named(resource_type: TagResourceType, resource_names: &[&str]) -> Parameters {
    let kind = match resource_type {
        TagResourceType::Role => "role",
        TagResourceType::Policy => "policy",
    };
    let names = resource_names.iter().map(|name| Value::from(*name)).collect();
    Parameters::new().with("ResourceType", kind).with_list("ResourceNames", names)
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    pub(super) fn read(tag: &Object<'_>) -> Result<Self, Error> {
        let value = tag.optional_text("TagValue")?.unwrap_or_default();
        Ok(Self::new(tag.text("TagKey")?, value))
    }
}

impl TagPage {
    /// `TagResources` is the list itself, without the inner member that RAM's other lists have (model of the
    /// official SDK).
    fn read(answer: &Object<'_>) -> Result<Self, Error> {
        let tags = answer.objects("TagResources")?;
        let read = |tag: &Object<'_>| {
            let resource_name = tag.text("ResourceName")?.to_owned();
            Ok(TaggedResource { resource_name, tag: Tag::read(tag)? })
        };
        let tag_resources = tags.iter().map(read).collect::<Result<_, Error>>()?;
        let next_token = answer.optional_text("NextToken")?.filter(|token| !token.is_empty());
        Ok(Self { tag_resources, next_token: next_token.map(str::to_owned) })
    }
}
