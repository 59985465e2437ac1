//! The id of a policy: its type and its name.

use std::fmt;

use serde::Deserialize;

use crate::names::PolicyName;
use crate::rpc::Parameters;

/// The type of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum PolicyKind {
    /// `System`: a policy of Alibaba Cloud, which can only be attached and read.
    System,
    /// `Custom`: a policy of the account.
    Custom,
}

/// The id of a policy: its type and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyId {
    /// `PolicyType`
    pub policy_type: PolicyKind,
    /// `PolicyName`
    pub policy_name: PolicyName,
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
    /// A policy of Alibaba Cloud.
    pub fn system(policy_name: PolicyName) -> Self {
        Self { policy_type: PolicyKind::System, policy_name }
    }

    /// A policy of the account.
    pub fn custom(policy_name: PolicyName) -> Self {
        Self { policy_type: PolicyKind::Custom, policy_name }
    }

    /// Whether both are the same policy for RAM, which ignores the letter case of the name.
    pub fn is_same(&self, other: &Self) -> bool {
        self.policy_type == other.policy_type && self.policy_name.is_same(&other.policy_name)
    }

    pub(super) fn parameters(&self) -> Parameters {
        Parameters::new().with("PolicyType", self.policy_type).with("PolicyName", &self.policy_name)
    }
}

/// `Custom/name` or `System/name`.
impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.policy_type, self.policy_name)
    }
}
