//! The permissions that the caller needs, in one table.
//!
//! The guide "Least privileges" is generated from it, an acceptance test takes the documents of that guide and removes
//! one action at a time, and what the provider says about missing permissions names the actions of this table. Sources
//! of the actions and their resources: the pages of the API of each service, section "RAM authorization"; for RAM also
//! <https://www.alibabacloud.com/help/doc-detail/102666.htm>.

use Need::{Needed, Optional, Unused};
use Resource::{
    All, Caller, CallerGroup, CustomPolicies, EveryLogStore, EveryMetricStore, EveryProject, EveryRole,
    Group, Key, KmsPolicies, LogStore, MetricStore, PassRolePolicy, PassingRole, Role, SystemPolicies, User,
};

/// A permission that the provider uses.
#[derive(Clone, Copy, Debug)]
pub struct Privilege {
    /// The action as policies name it: `ram:GetRole`.
    pub action: &'static str,
    /// The resources; the action is needed on each of them.
    pub resources: &'static [Resource],
    /// How a plan ends without it.
    pub plan: Need,
    /// How an apply ends without it.
    pub apply: Need,
    /// What the provider does with it, as a sentence.
    pub purpose: &'static str,
}

/// How a run ends without a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It does not use the permission.
    Unused,
    /// It leaves something out and succeeds.
    Optional,
    /// It fails.
    Needed,
}

/// What a permission is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The Logstore.
    LogStore,
    /// The metric store. The form of its resource is a guess.
    MetricStore,
    /// Every project of the account.
    EveryProject,
    /// Every Logstore of the account.
    EveryLogStore,
    /// Every metric store of the account.
    EveryMetricStore,
    /// Every role of the account.
    EveryRole,
    /// The KMS key.
    Key,
    /// The role that SLS assumes.
    Role,
    /// The two system policies that the role has.
    KmsPolicies,
    /// The custom policy that allows `ram:PassRole`.
    PassRolePolicy,
    /// A user of `pass_role.users`.
    User,
    /// A group of `pass_role.groups`.
    Group,
    /// A role of `pass_role.roles`.
    PassingRole,
    /// The RAM user that runs Terraform.
    Caller,
    /// A group of that user.
    CallerGroup,
    /// Every custom policy of the account.
    CustomPolicies,
    /// Every system policy.
    SystemPolicies,
    /// All resources: RAM grants the action for none in particular.
    All,
}

impl Resource {
    /// The resources as a policy writes them, with the names of the examples.
    pub fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::LogStore => {
                &["acs:log:cn-hangzhou:1234567890123456:project/audit-project/logstore/app-log"]
            }
            Self::MetricStore => {
                &["acs:log:cn-hangzhou:1234567890123456:project/audit-project/metricstore/app-log"]
            }
            Self::EveryProject => &["acs:log:*:1234567890123456:project/*"],
            Self::EveryLogStore => &["acs:log:*:1234567890123456:project/*/logstore/*"],
            // The form of this resource is a guess, as are the names of the actions on it: no page has them.
            Self::EveryMetricStore => &["acs:log:*:1234567890123456:project/*/metricstore/*"],
            Self::EveryRole => &["acs:ram:*:1234567890123456:role/*"],
            Self::Key => &["acs:kms:cn-hangzhou:1234567890123456:key/f5136b95-2420-ab31-1234-0123456789ab"],
            Self::Role => &["acs:ram:*:1234567890123456:role/sls-byok"],
            Self::KmsPolicies => &[
                "acs:ram:*:system:policy/AliyunKMSReadOnlyAccess",
                "acs:ram:*:system:policy/AliyunKMSCryptoUserAccess",
            ],
            Self::PassRolePolicy => &["acs:ram:*:1234567890123456:policy/sls-byok-pass-role"],
            Self::User => &["acs:ram:*:1234567890123456:user/log-admin"],
            Self::Group => &["acs:ram:*:1234567890123456:group/log-operators"],
            Self::PassingRole => &["acs:ram:*:1234567890123456:role/deployer"],
            Self::Caller => &["acs:ram:*:1234567890123456:user/ci"],
            Self::CallerGroup => &["acs:ram:*:1234567890123456:group/pipelines"],
            Self::CustomPolicies => &["acs:ram:*:1234567890123456:policy/*"],
            Self::SystemPolicies => &["acs:ram:*:system:policy/*"],
            Self::All => &["*"],
        }
    }
}

const fn needed(action: &'static str, resources: &'static [Resource], purpose: &'static str) -> Privilege {
    Privilege { action, resources, plan: Needed, apply: Needed, purpose }
}

const fn optional(action: &'static str, resources: &'static [Resource], purpose: &'static str) -> Privilege {
    Privilege { action, resources, plan: Optional, apply: Optional, purpose }
}

const fn to_apply(action: &'static str, resources: &'static [Resource], purpose: &'static str) -> Privilege {
    Privilege { action, resources, plan: Unused, apply: Needed, purpose }
}

/// What `alicloud_log_store_encryption` needs with the service's key.
pub const ENCRYPTION: &[Privilege] = &[
    needed("log:GetLogStore", &[LogStore], "Reads the Logstore."),
    to_apply("log:UpdateLogStore", &[LogStore], "Writes the encryption configuration."),
];

/// What `alicloud_log_store_encryption` needs of a metric store. No page names these actions or their resource: they
/// are guesses by the names of the API, and by how the actions on Logstores are named.
pub const METRIC_STORES: &[Privilege] = &[
    needed("log:GetLogStore", &[LogStore], "Finds out that it is a metric store."),
    needed("log:GetMetricStore", &[MetricStore], "Reads the metric store."),
    to_apply("log:UpdateMetricStore", &[MetricStore], "Writes the encryption configuration."),
];

/// What it needs besides with a KMS key.
pub const BYOK: &[Privilege] = &[to_apply(
    "ram:PassRole",
    &[Role],
    "Lets SLS use the role. SLS checks it when the configuration is written.",
)];

/// What the checks of the key, the role and the caller need, in `alicloud_byok_readiness` and before a plan.
pub const CHECKS: &[Privilege] = &[
    optional("kms:DescribeKey", &[Key], "Checks the key."),
    optional("ram:GetRole", &[Role], "Checks that the role exists and that SLS may assume it."),
    optional("ram:ListPoliciesForRole", &[Role], "Checks that the role may use the key."),
    optional(
        "ram:GetPolicy",
        &[CustomPolicies, SystemPolicies],
        "Reads the policies of the role, the caller and its groups.",
    ),
    optional("ram:ListPoliciesForUser", &[Caller], "Checks that the caller may pass the role."),
    optional("ram:ListGroupsForUser", &[Caller], "Checks that the caller may pass the role."),
    optional("ram:ListPoliciesForGroup", &[CallerGroup], "Checks that the caller may pass the role."),
];

/// What `alicloud_log_store_encryptions` needs. What it may not read it lists.
pub const AUDIT: &[Privilege] = &[
    optional("log:ListProject", &[EveryProject], "Finds the projects of a region."),
    optional("log:ListLogStores", &[EveryLogStore], "Finds the Logstores of a project."),
    optional("log:ListMetricStores", &[EveryMetricStore], "Finds the metric stores of a project."),
    optional("log:GetLogStore", &[EveryLogStore], "Reads a Logstore."),
    optional("log:GetMetricStore", &[EveryMetricStore], "Reads a metric store."),
];

/// What `terraform query` needs for `alicloud_log_store_encryption`. Without the optional ones a warning says what is
/// not listed.
pub const QUERY_ENCRYPTIONS: &[Privilege] = &[
    needed("log:ListProject", &[EveryProject], "Finds the projects of a region."),
    optional("log:ListLogStores", &[EveryLogStore], "Finds the Logstores of a project."),
    optional("log:ListMetricStores", &[EveryMetricStore], "Finds the metric stores of a project."),
    optional("log:GetLogStore", &[EveryLogStore], "Reads a Logstore."),
    optional("log:GetMetricStore", &[EveryMetricStore], "Reads a metric store."),
];

/// What `terraform query` needs for `alicloud_ram_byok_role`. Without the optional ones a warning says what is not
/// listed.
pub const QUERY_ROLES: &[Privilege] = &[
    needed("ram:ListRoles", &[EveryRole], "Finds the roles."),
    optional("ram:GetRole", &[EveryRole], "Reads a role and its trust policy."),
    optional("ram:ListPoliciesForRole", &[EveryRole], "Reads a role for its configuration."),
    optional("ram:ListTagResources", &[All], "Reads a role for its configuration."),
    optional("ram:GetPolicy", &[CustomPolicies], "Reads a role for its configuration."),
    optional("ram:ListEntitiesForPolicy", &[CustomPolicies], "Reads a role for its configuration."),
];

/// What the action `alicloud_log_store_encryption_verify` needs. `log:GetMetricStore` is needed for metric stores.
pub const VERIFY: &[Privilege] = &[
    to_apply("log:GetLogStore", &[LogStore], "Reads the Logstore."),
    to_apply("log:GetMetricStore", &[MetricStore], "Reads the metric store."),
    optional("kms:DescribeKey", &[Key], "Checks the key."),
    optional("ram:GetRole", &[Role], "Checks that the role exists and that SLS may assume it."),
    optional("ram:ListPoliciesForRole", &[Role], "Checks that the role may use the key."),
    optional("ram:GetPolicy", &[CustomPolicies, SystemPolicies], "Reads the policies of the role."),
];

/// What `alicloud_ram_byok_role` needs.
pub const ROLE: &[Privilege] = &[
    needed("ram:GetRole", &[Role], "Reads the role."),
    needed("ram:ListPoliciesForRole", &[Role], "Reads which policies the role has."),
    needed("ram:ListTagResources", &[All], "Reads `tags`."),
    to_apply("ram:CreateRole", &[Role], "Creates the role."),
    to_apply("ram:AttachPolicyToRole", &[Role, KmsPolicies], "Creates and repairs the role."),
    to_apply("ram:UpdateRole", &[Role], "Creates, changes and repairs the role."),
    to_apply("ram:UntagResources", &[All], "Changes `tags`."),
    to_apply("ram:TagResources", &[All], "Changes `tags`."),
    to_apply("ram:DetachPolicyFromRole", &[Role, KmsPolicies], "Destroys the role."),
    to_apply("ram:DeleteRole", &[Role], "Destroys the role."),
];

/// What it needs besides with `pass_role`.
pub const PASS_ROLE: &[Privilege] = &[
    needed("ram:GetPolicy", &[PassRolePolicy], "Reads the policy."),
    needed("ram:ListEntitiesForPolicy", &[PassRolePolicy], "Reads who has the policy."),
    optional("ram:GetUser", &[User], "Finds users that do not exist."),
    optional("ram:ListPoliciesForGroup", &[Group], "Finds groups that do not exist."),
    optional("ram:GetRole", &[PassingRole], "Finds roles that do not exist."),
    to_apply("ram:CreatePolicy", &[PassRolePolicy], "Creates the policy."),
    to_apply("ram:AttachPolicyToUser", &[User, PassRolePolicy], "Gives the policy to a user."),
    to_apply("ram:AttachPolicyToGroup", &[Group, PassRolePolicy], "Gives the policy to a group."),
    to_apply("ram:AttachPolicyToRole", &[PassingRole, PassRolePolicy], "Gives the policy to a role."),
    to_apply("ram:CreatePolicyVersion", &[PassRolePolicy], "Repairs a policy whose document was changed."),
    to_apply("ram:DetachPolicyFromUser", &[User, PassRolePolicy], "Takes the policy from a user."),
    to_apply("ram:DetachPolicyFromGroup", &[Group, PassRolePolicy], "Takes the policy from a group."),
    to_apply("ram:DetachPolicyFromRole", &[PassingRole, PassRolePolicy], "Takes the policy from a role."),
    to_apply("ram:DeletePolicy", &[PassRolePolicy], "Deletes the policy."),
];

/// Something that the caller does, for which the guide has one policy document.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The heading of its document in the guide.
    pub title: &'static str,
    /// Whether it changes anything.
    pub applies: bool,
    /// The permissions that it uses, in parts.
    pub parts: &'static [&'static [Privilege]],
}

/// Every job.
pub const JOBS: [Job; 11] = [
    Job {
        title: "To plan and to audit",
        applies: false,
        parts: &[ENCRYPTION, BYOK, CHECKS, ROLE, PASS_ROLE],
    },
    Job { title: "To read alicloud_byok_readiness", applies: false, parts: &[CHECKS] },
    Job { title: "To read alicloud_log_store_encryptions", applies: false, parts: &[AUDIT] },
    Job { title: "To query alicloud_log_store_encryption", applies: false, parts: &[QUERY_ENCRYPTIONS] },
    Job { title: "To query alicloud_ram_byok_role", applies: false, parts: &[QUERY_ROLES] },
    Job {
        title: "To apply alicloud_log_store_encryption with the service's key",
        applies: true,
        parts: &[ENCRYPTION],
    },
    Job {
        title: "To apply alicloud_log_store_encryption with a key of your own",
        applies: true,
        parts: &[ENCRYPTION, BYOK, CHECKS],
    },
    Job {
        title: "To apply alicloud_log_store_encryption to a metric store",
        applies: true,
        parts: &[METRIC_STORES],
    },
    Job { title: "To invoke alicloud_log_store_encryption_verify", applies: true, parts: &[VERIFY] },
    Job { title: "To apply alicloud_ram_byok_role", applies: true, parts: &[ROLE] },
    Job { title: "To apply alicloud_ram_byok_role with pass_role", applies: true, parts: &[ROLE, PASS_ROLE] },
];

impl Job {
    /// The permissions that it uses and how it ends without each, those that it needs first. One that it needs is
    /// not named again as an optional one.
    pub fn privileges(&self) -> Vec<(&'static Privilege, Need)> {
        let of_job = |privilege: &Privilege| if self.applies { privilege.apply } else { privilege.plan };
        let with = |need: Need| {
            self.parts.iter().copied().flatten().filter(move |privilege| of_job(privilege) == need)
        };
        let is_needed = |optional: &Privilege| {
            with(Needed)
                .any(|needed| needed.action == optional.action && needed.resources == optional.resources)
        };
        let needed = with(Needed).map(|privilege| (privilege, Needed));
        let optional = with(Optional).filter(|privilege| !is_needed(privilege));
        needed.chain(optional.map(|privilege| (privilege, Optional))).collect()
    }
}

/// The actions of a part of the table, in its order.
pub(super) fn actions(part: &[Privilege]) -> Vec<&'static str> {
    part.iter().map(|privilege| privilege.action).collect()
}
