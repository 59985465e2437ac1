//! Data sources, which read what the resources have made.

use super::Expected::Read;
use super::Form::{Body, Query};
use super::{Flow, NONE, SET, step};

pub(super) fn flow() -> Flow {
    Flow {
        of: "data.alicloud_caller_identity, …_ram_users, …_ram_groups, …_ram_roles, …_ram_policies, \
             …_ram_system_policys, …_ram_role_policy_attachments, …_kms_keys",
        make: vec![],
        read: vec![
            step(
                Query,
                "GetCallerIdentity",
                &[],
                Read(&[
                    ("/PrincipalId", SET),
                    ("/AccountId", "1234567890123456"),
                    ("/Arn", "acs:ram::1234567890123456:root"),
                    ("/IdentityType", "Account"),
                ]),
            ),
            step(Query, "ListUsers", &[("MaxItems", "1000")], Read(&[("/Users/User/0/CreateDate", SET)])),
            step(
                Query,
                "ListUsersForGroup",
                &[("GroupName", "tf-testAcc-group")],
                Read(&[("/Users/User/0/UserName", SET)]),
            ),
            step(Query, "ListGroups", &[("MaxItems", "1000")], Read(&[("/Groups/Group/0/Comments", SET)])),
            step(
                Query,
                "ListGroupsForUser",
                &[("UserName", "tf-testAcc-user")],
                Read(&[("/Groups/Group/0/GroupName", SET)]),
            ),
            step(
                Body,
                "ListRoles",
                &[("MaxItems", "50"), ("Tag", r#"[{"Key":"For","Value":"Test"}]"#)],
                Read(&[
                    ("/Roles/Role/0/RoleId", SET),
                    ("/Roles/Role/0/UpdateDate", SET),
                    ("/Roles/Role/0/Tags/Tag/0/TagKey", "For"),
                    ("/Roles/Role/1", NONE),
                    ("/IsTruncated", "false"),
                ]),
            ),
            step(
                Body,
                "ListRoles",
                &[("MaxItems", "50"), ("Tag", r#"[{"Key":"For","Value":"Role_Fake"}]"#)],
                Read(&[("/Roles/Role/0", NONE)]),
            ),
            step(
                Body,
                "ListPolicies",
                &[("MaxItems", "50"), ("PolicyType", "Custom")],
                Read(&[
                    ("/Policies/Policy/0/PolicyName", "tfaccram-policy"),
                    ("/Policies/Policy/0/AttachmentCount", "1"),
                    ("/Policies/Policy/0/UpdateDate", SET),
                    ("/Policies/Policy/0/Tags/Tag/0/TagKey", "Created"),
                    ("/IsTruncated", "false"),
                ]),
            ),
            step(
                Body,
                "ListPolicies",
                &[("MaxResults", "50"), ("PolicyType", "System")],
                Read(&[
                    ("/Policies/Policy/0/PolicyName", "AdministratorAccess"),
                    ("/Policies/Policy/0/Description", SET),
                    ("/Policies/Policy/0/CreateDate", SET),
                    ("/Marker", SET),
                ]),
            ),
            step(
                Body,
                "GetPolicy",
                &[("PolicyName", "AliyunGlobalAccelerationReadOnlyAccess"), ("PolicyType", "System")],
                Read(&[
                    ("/DefaultPolicyVersion/PolicyDocument", SET),
                    ("/DefaultPolicyVersion/VersionId", "v1"),
                ]),
            ),
            step(
                Body,
                "ListKeys",
                &[
                    ("PageSize", "50"),
                    ("PageNumber", "1"),
                    ("Filters", r#"[ {"Key":"KeyState", "Values":["Enabled","Disabled","PendingImport"]} ]"#),
                ],
                Read(&[("/Keys/Key/0/KeyId", SET), ("/Keys/Key/0/KeyArn", SET), ("/Keys/Key/3", NONE)]),
            ),
        ],
        destroy: vec![],
    }
}
