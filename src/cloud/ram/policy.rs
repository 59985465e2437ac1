//! Policies.

use std::fmt;

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::names::PolicyName;
use crate::cloud::ram::client::expect_name;
use crate::cloud::ram::tag::{self, Tag};
use crate::cloud::ram::{PolicyVersion, RamClient};
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// Whose policy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// `System`: the cloud's own; it can only be attached and read.
    System,
    /// `Custom`: the account's.
    Custom,
}

/// What names a policy: kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId {
    /// `PolicyType`
    pub policy_type: PolicyKind,
    /// `PolicyName`
    pub policy_name: PolicyName,
}

/// The parameters of `CreatePolicy`; what is `None` or empty is left to the service.
///
/// Source: RAM documentation, `CreatePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicy {
    /// `PolicyName`
    pub policy_name: PolicyName,
    /// `PolicyDocument` as JSON text, up to 6144 characters. RAM keeps it as it is sent.
    pub policy_document: String,
    /// `Description`, up to 1024 characters.
    pub description: Option<String>,
    /// `Tag`, up to 20.
    pub tags: Vec<Tag>,
}

/// A policy without its document, as `CreatePolicy` and `UpdatePolicyDescription` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDescription {
    /// `PolicyType` and `PolicyName`, the name as the service spells it.
    pub id: PolicyId,
    /// `Description`; empty when there is none.
    pub description: String,
    /// `DefaultVersion`, the id of the version in force: `v1`.
    pub default_version: String,
    /// `CreateDate` in UTC, `2015-01-23T12:33:18Z`.
    pub create_date: Option<String>,
    /// `UpdateDate`, written the same.
    pub update_date: Option<String>,
    /// `AttachmentCount`: how many users, groups and roles hold it.
    pub attachment_count: Option<i64>,
}

/// A policy as `GetPolicy` describes it: with the version in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The policy.
    pub policy: PolicyDescription,
    /// `DefaultPolicyVersion`: the version in force, with its document.
    pub default_policy_version: PolicyVersion,
}

impl PolicyKind {
    /// `System` or `Custom`, as the service spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PolicyId {
    /// A policy of the cloud.
    pub fn system(policy_name: PolicyName) -> Self {
        Self { policy_type: PolicyKind::System, policy_name }
    }

    /// A policy of the account.
    pub fn custom(policy_name: PolicyName) -> Self {
        Self { policy_type: PolicyKind::Custom, policy_name }
    }

    /// Whether RAM takes both for the same policy: the letter case of the name does not count.
    pub fn is_same(&self, other: &Self) -> bool {
        self.policy_type == other.policy_type && self.policy_name.is_same(&other.policy_name)
    }

    pub(super) fn parameters(&self) -> Parameters {
        Parameters::new().with("PolicyType", self.policy_type).with("PolicyName", &self.policy_name)
    }

    pub(super) fn read(object: &Object<'_>) -> Result<Self, Error> {
        let policy_type = match object.text("PolicyType")? {
            "System" => PolicyKind::System,
            "Custom" => PolicyKind::Custom,
            _ => return Err(object.wrong("PolicyType", "System or Custom")),
        };
        Ok(Self { policy_type, policy_name: PolicyName::answered(object.text("PolicyName")?) })
    }
}

/// `Custom/name` or `System/name`.
impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.policy_type, self.policy_name)
    }
}

impl RamClient {
    /// `CreatePolicy`: a custom policy, its document being version `v1`.
    ///
    /// # Errors
    /// `AlreadyExists` with code `EntityAlreadyExists.Policy`; `Invalid` with code `MalformedPolicyDocument`,
    /// `InvalidParameter.*` or `LimitExceeded.Policy`; otherwise any kind.
    pub async fn create_policy(
        &self,
        context: &CallContext,
        create: &CreatePolicy,
    ) -> Result<PolicyDescription, Error> {
        let name = &create.policy_name;
        let parameters = Parameters::new()
            .with("PolicyName", name)
            .with("PolicyDocument", &create.policy_document)
            .with_optional("Description", create.description.as_ref())
            .with_list("Tag", tag::to_json(&create.tags));
        let call = Call::new("CreatePolicy", name.as_str(), parameters);
        self.rpc.write(context, call, &|answer| PolicyDescription::read(answer, name)).await
    }

    /// `GetPolicy`: with the version in force.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; otherwise any kind.
    pub async fn get_policy(&self, context: &CallContext, policy: &PolicyId) -> Result<Policy, Error> {
        let target = policy.to_string();
        let call = Call::new("GetPolicy", &target, policy.parameters());
        let read = |answer: &Object<'_>| {
            Ok(Policy {
                policy: PolicyDescription::read(answer, &policy.policy_name)?,
                default_policy_version: PolicyVersion::read(&answer.object("DefaultPolicyVersion")?)?,
            })
        };
        self.rpc.read(context, call, &read).await
    }

    /// `UpdatePolicyDescription` of a custom policy.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; otherwise any kind.
    pub async fn update_policy_description(
        &self,
        context: &CallContext,
        name: &PolicyName,
        description: &str,
    ) -> Result<PolicyDescription, Error> {
        let parameters = Parameters::new().with("PolicyName", name).with("NewDescription", description);
        let call = Call::new("UpdatePolicyDescription", name.as_str(), parameters);
        self.rpc.write(context, call, &|answer| PolicyDescription::read(answer, name)).await
    }

    /// `DeletePolicy`: a custom policy that nothing holds. With `cascading` (`CascadingDelete`) all its versions go
    /// with it.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; `Conflict` with code `DeleteConflict.Policy.*` while something
    /// holds it or, without `cascading`, while it has another version; otherwise any kind.
    pub async fn delete_policy(
        &self,
        context: &CallContext,
        name: &PolicyName,
        cascading: bool,
    ) -> Result<(), Error> {
        let parameters = Parameters::new()
            .with("PolicyName", name)
            .with_optional("CascadingDelete", cascading.then_some(true));
        self.rpc.run(context, Call::new("DeletePolicy", name.as_str(), parameters)).await
    }
}

impl PolicyDescription {
    fn read(answer: &Object<'_>, asked: &PolicyName) -> Result<Self, Error> {
        let policy = answer.object("Policy")?;
        expect_name(&policy, "PolicyName", asked.as_str())?;
        Ok(Self {
            id: PolicyId::read(&policy)?,
            description: policy.optional_text("Description")?.unwrap_or_default().to_owned(),
            default_version: policy.text("DefaultVersion")?.to_owned(),
            create_date: policy.optional_text("CreateDate")?.map(str::to_owned),
            update_date: policy.optional_text("UpdateDate")?.map(str::to_owned),
            attachment_count: policy.optional_integer("AttachmentCount")?,
        })
    }
}
