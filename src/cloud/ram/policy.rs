//! Policies and their versions.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::names::PolicyName;
use crate::ram::{PolicyId, RamClient};
use crate::rpc::members::{expect_name, or_default};
use crate::rpc::{Call, Parameters};

/// The parameters of `CreatePolicy`. A parameter that is `None` is not sent.
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
}

/// A policy without its document, as `CreatePolicy` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDescription {
    /// `PolicyType` and `PolicyName`, the name as the service spells it.
    #[serde(flatten)]
    pub id: PolicyId,
    /// `Description`; empty when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
}

/// A policy as `GetPolicy` describes it, with its default version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// The policy.
    pub policy: PolicyDescription,
    /// `DefaultPolicyVersion`, with its document.
    pub default_policy_version: PolicyVersion,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersion {
    /// `VersionId`: `v1`, `v2` and so on.
    pub version_id: String,
    /// `PolicyDocument`, as it was sent. `None` where an answer leaves it out.
    pub policy_document: Option<String>,
}

impl RamClient {
    /// `CreatePolicy`: creates a custom policy with the document as version `v1`.
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
            .with_optional("Description", create.description.as_ref());
        let call = Call::new("CreatePolicy", name.as_str(), parameters);
        let take = |PolicyAnswer { policy }| expect_policy(&policy, name).map(|()| policy);
        self.rpc.write(context, call, take).await
    }

    /// `GetPolicy`: the policy with its default version.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; otherwise any kind.
    pub async fn get_policy(&self, context: &CallContext, policy: &PolicyId) -> Result<Policy, Error> {
        let target = policy.to_string();
        let call = Call::new("GetPolicy", &target, policy.parameters());
        let take = |found: Policy| expect_policy(&found.policy, &policy.policy_name).map(|()| found);
        self.rpc.read(context, call, take).await
    }

    /// `CreatePolicyVersion`: creates a version of a custom policy and makes it the default one (`SetAsDefault`). A
    /// policy has at most five versions; RAM deletes the oldest one if necessary (`RotateStrategy`).
    ///
    /// Source: RAM documentation, `CreatePolicyVersion`.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; `Invalid` with code `MalformedPolicyDocument`; otherwise any kind.
    pub async fn create_policy_version(
        &self,
        context: &CallContext,
        name: &PolicyName,
        policy_document: &str,
    ) -> Result<PolicyVersion, Error> {
        let parameters = Parameters::new()
            .with("PolicyName", name)
            .with("PolicyDocument", policy_document)
            .with("SetAsDefault", true)
            .with("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded");
        let call = Call::new("CreatePolicyVersion", name.as_str(), parameters);
        self.rpc.write(context, call, |VersionAnswer { policy_version }| Ok(policy_version)).await
    }

    /// `DeletePolicy`: deletes a custom policy that is not attached, with all its versions (`CascadingDelete`).
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; `Conflict` with code `DeleteConflict.Policy.*` while it is
    /// attached; otherwise any kind.
    pub async fn delete_policy(&self, context: &CallContext, name: &PolicyName) -> Result<(), Error> {
        let parameters = Parameters::new().with("PolicyName", name).with("CascadingDelete", true);
        self.rpc.run(context, Call::new("DeletePolicy", name.as_str(), parameters)).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyAnswer {
    policy: PolicyDescription,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    policy_version: PolicyVersion,
}

fn expect_policy(policy: &PolicyDescription, asked: &PolicyName) -> Result<(), String> {
    expect_name("Policy.PolicyName", policy.id.policy_name.as_str(), asked.as_str())
}
