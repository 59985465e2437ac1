//! Tags on roles.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::CallContext;
use crate::error::Error;
use crate::names::RoleName;
use crate::ram::RamClient;
use crate::rpc::members::{optional_text, or_default};
use crate::rpc::{Call, Parameters};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Tag {
    /// `Key`, up to 128 characters.
    #[serde(rename = "TagKey")]
    pub key: String,
    /// `Value`, up to 256 characters.
    #[serde(rename = "TagValue", default, deserialize_with = "or_default")]
    pub value: String,
}

/// One page of tags.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagPage {
    /// `TagResources`: the tags of this page. RAM's other lists are in an inner member; this one is not (model of the
    /// official SDK).
    #[serde(rename = "TagResources", default, deserialize_with = "or_default")]
    pub tags: Vec<Tag>,
    /// `NextToken`: the token of the next page; `None` on the last page.
    #[serde(default, deserialize_with = "optional_text")]
    pub next_token: Option<String>,
}

impl RamClient {
    /// `TagResources`: adds tags to a role, and replaces those with the same keys.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; otherwise any kind.
    pub async fn tag_resources(
        &self,
        context: &CallContext,
        role: &RoleName,
        tags: &[Tag],
    ) -> Result<(), Error> {
        let parameters = of_role(role).with_list("Tag", to_json(tags));
        self.rpc.run(context, Call::new("TagResources", role.as_str(), parameters)).await
    }

    /// `UntagResources`: removes the tags of a role with these keys. Without keys it sends no call.
    ///
    /// # Errors
    /// Those of [`RamClient::tag_resources`].
    pub async fn untag_resources(
        &self,
        context: &CallContext,
        role: &RoleName,
        tag_keys: &[&str],
    ) -> Result<(), Error> {
        if tag_keys.is_empty() {
            return Ok(());
        }
        let keys = tag_keys.iter().map(|key| Value::from(*key)).collect();
        let parameters = of_role(role).with_list("TagKeys", keys);
        self.rpc.run(context, Call::new("UntagResources", role.as_str(), parameters)).await
    }

    /// `ListTagResources`: one page of the tags of a role. Without a [`TagPage::next_token`] it is the first.
    ///
    /// # Errors
    /// Any kind.
    pub async fn list_tag_resources(
        &self,
        context: &CallContext,
        role: &RoleName,
        next_token: Option<&str>,
    ) -> Result<TagPage, Error> {
        let parameters = of_role(role).with("PageSize", 100).with_optional("NextToken", next_token);
        let call = Call::new("ListTagResources", role.as_str(), parameters);
        self.rpc.read(context, call, Ok).await
    }
}

/// The tags as a parameter.
pub(super) fn to_json(tags: &[Tag]) -> Vec<Value> {
    tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect()
}

fn of_role(role: &RoleName) -> Parameters {
    Parameters::new()
        .with("ResourceType", "role")
        .with_list("ResourceNames", vec![Value::from(role.as_str())])
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}
