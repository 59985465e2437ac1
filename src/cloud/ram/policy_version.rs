//! Versions of policies.

use crate::cloud::CallContext;
use crate::cloud::error::Error;
use crate::cloud::names::PolicyName;
use crate::cloud::ram::client::list;
use crate::cloud::ram::{PolicyId, RamClient};
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// What happens to the versions of a policy when there is no room for a new one; a policy has five at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RotateStrategy {
    /// `None`: the new version is refused.
    #[default]
    None,
    /// `DeleteOldestNonDefaultVersionWhenLimitExceeded`
    DeleteOldestNonDefaultVersionWhenLimitExceeded,
}

/// The parameters of `CreatePolicyVersion`.
///
/// Source: RAM documentation, `CreatePolicyVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicyVersion {
    /// `PolicyName`
    pub policy_name: PolicyName,
    /// `PolicyDocument` as JSON text, up to 6144 characters.
    pub policy_document: String,
    /// `SetAsDefault`: whether the version comes in force at once.
    pub set_as_default: bool,
    /// `RotateStrategy`
    pub rotate_strategy: RotateStrategy,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// `VersionId`: `v1`, `v2` and so on.
    pub version_id: String,
    /// `IsDefaultVersion`: whether it is the one in force.
    pub is_default_version: bool,
    /// `PolicyDocument`, as it was sent. `None` where an answer leaves it out, as old pages show for
    /// `ListPolicyVersions`.
    pub policy_document: Option<String>,
    /// `CreateDate` in UTC, `2015-01-23T12:33:18Z`.
    pub create_date: String,
}

impl RamClient {
    /// `CreatePolicyVersion` of a custom policy.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; `Invalid` with code `LimitExceeded.Policy.Version` when there
    /// is no room, or `MalformedPolicyDocument`; otherwise any kind.
    pub async fn create_policy_version(
        &self,
        context: &CallContext,
        create: &CreatePolicyVersion,
    ) -> Result<PolicyVersion, Error> {
        let rotate_strategy = match create.rotate_strategy {
            RotateStrategy::None => None,
            RotateStrategy::DeleteOldestNonDefaultVersionWhenLimitExceeded => {
                Some("DeleteOldestNonDefaultVersionWhenLimitExceeded")
            }
        };
        let parameters = Parameters::new()
            .with("PolicyName", &create.policy_name)
            .with("PolicyDocument", &create.policy_document)
            .with("SetAsDefault", create.set_as_default)
            .with_optional("RotateStrategy", rotate_strategy);
        let call = Call::new("CreatePolicyVersion", create.policy_name.as_str(), parameters);
        self.rpc.write(context, call, &|answer| PolicyVersion::read(&answer.object("PolicyVersion")?)).await
    }

    /// `GetPolicyVersion`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy` or `EntityNotExist.Policy.Version`; otherwise any kind.
    pub async fn get_policy_version(
        &self,
        context: &CallContext,
        policy: &PolicyId,
        version_id: &str,
    ) -> Result<PolicyVersion, Error> {
        let target = format!("{policy}/{version_id}");
        let call = Call::new("GetPolicyVersion", &target, policy.parameters().with("VersionId", version_id));
        self.rpc.read(context, call, &|answer| PolicyVersion::read(&answer.object("PolicyVersion")?)).await
    }

    /// `ListPolicyVersions`: all of them.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy`; otherwise any kind.
    pub async fn list_policy_versions(
        &self,
        context: &CallContext,
        policy: &PolicyId,
    ) -> Result<Vec<PolicyVersion>, Error> {
        let target = policy.to_string();
        let call = Call::new("ListPolicyVersions", &target, policy.parameters());
        let read =
            |answer: &Object<'_>| list(answer, ("PolicyVersions", "PolicyVersion"), PolicyVersion::read);
        self.rpc.read(context, call, &read).await
    }

    /// `SetDefaultPolicyVersion` of a custom policy: puts a version in force.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy` or `EntityNotExist.Policy.Version`; otherwise any kind.
    pub async fn set_default_policy_version(
        &self,
        context: &CallContext,
        name: &PolicyName,
        version_id: &str,
    ) -> Result<(), Error> {
        self.of_version(context, "SetDefaultPolicyVersion", name, version_id).await
    }

    /// `DeletePolicyVersion` of a custom policy: any version but the one in force.
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Policy` or `EntityNotExist.Policy.Version`; `Conflict` with code
    /// `DeleteConflict.Policy.Version.Default`; otherwise any kind.
    pub async fn delete_policy_version(
        &self,
        context: &CallContext,
        name: &PolicyName,
        version_id: &str,
    ) -> Result<(), Error> {
        self.of_version(context, "DeletePolicyVersion", name, version_id).await
    }

    async fn of_version(
        &self,
        context: &CallContext,
        action: &'static str,
        name: &PolicyName,
        version_id: &str,
    ) -> Result<(), Error> {
        let target = format!("{name}/{version_id}");
        let parameters = Parameters::new().with("PolicyName", name).with("VersionId", version_id);
        self.rpc.run(context, Call::new(action, &target, parameters)).await
    }
}

impl PolicyVersion {
    pub(super) fn read(version: &Object<'_>) -> Result<Self, Error> {
        Ok(Self {
            version_id: version.text("VersionId")?.to_owned(),
            is_default_version: version.boolean("IsDefaultVersion")?,
            policy_document: version.optional_text("PolicyDocument")?.map(str::to_owned),
            create_date: version.text("CreateDate")?.to_owned(),
        })
    }
}
