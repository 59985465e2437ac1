//! Users, groups, roles, policies and what belongs to them.

use super::Expected::{self, Read, Refused};
use super::Form::{Body, Query};
use super::{DOCUMENT, DONE, Flow, NONE, SET, step};

const TRUST: &str = r#"{"Statement": [{"Action": ["sts:AssumeRole","sts:SetSourceIdentity"],"Effect": "Allow","Principal": {"Service": ["apigateway.aliyuncs.com","ecs.aliyuncs.com"]}}],"Version": "1"}"#;
const OTHER_DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["kms:DescribeKey"],"Resource":["acs:kms:*:*:*"],"Condition":{"StringEquals":{"acs:x":["","a"]}}}]}"#;
const TAGS: &str = r#"[{"Key":"Created","Value":"TF"},{"Key":"For","Value":"Test"}]"#;

pub(super) fn user() -> Flow {
    const NAMED: (&str, &str) = ("UserName", "tf-testAcc-user");
    const SAME: (&str, &str) = ("NewUserName", "tf-testAcc-user");
    let read = |expected| {
        vec![
            step(Query, "ListUsers", &[("MaxItems", "100")], Read(&[("/Users/User/0/UserId", "{user}")])),
            step(Query, "GetUser", &[NAMED], expected),
        ]
    };
    Flow {
        of: "alicloud_ram_user",
        make: [
            vec![step(Query, "CreateUser", &[NAMED], Read(&[("/User/UserId", "=user")]))],
            // Nothing was given, so that the next plan finds nothing to change.
            read(Read(&[
                ("/User/UserName", "tf-testAcc-user"),
                ("/User/DisplayName", ""),
                ("/User/MobilePhone", ""),
                ("/User/Email", ""),
                ("/User/Comments", ""),
            ])),
            vec![
                step(Body, "UpdateUser", &[NAMED, SAME, ("NewDisplayName", "displayname")], DONE),
                step(Body, "UpdateUser", &[NAMED, SAME, ("NewMobilePhone", "86-18888888888")], DONE),
                step(Body, "UpdateUser", &[NAMED, SAME, ("NewEmail", "hello.uuu@aaa_all.com")], DONE),
                step(Body, "UpdateUser", &[NAMED, SAME, ("NewComments", "yoyoyo")], DONE),
            ],
            read(Read(&[("/User/DisplayName", "displayname"), ("/User/Comments", "yoyoyo")])),
            vec![
                step(Body, "UpdateUser", &[NAMED, SAME, ("NewComments", "")], DONE),
                step(Body, "UpdateUser", &[NAMED, ("NewUserName", "tf-testAcc-user_all")], DONE),
                step(Body, "UpdateUser", &[("UserName", "tf-testAcc-user_all"), SAME], DONE),
            ],
        ]
        .concat(),
        read: read(Read(&[
            ("/User/UserId", "{user}"),
            ("/User/DisplayName", "displayname"),
            ("/User/MobilePhone", "86-18888888888"),
            ("/User/Email", "hello.uuu@aaa_all.com"),
            ("/User/Comments", ""),
        ])),
        // With `force`.
        destroy: vec![
            step(Query, "ListAccessKeys", &[NAMED], Read(&[("/AccessKeys/AccessKey/0", NONE)])),
            step(Query, "ListPoliciesForUser", &[NAMED], Read(&[("/Policies/Policy/0", NONE)])),
            step(Query, "ListGroupsForUser", &[NAMED], Read(&[("/Groups/Group/0", NONE)])),
            step(Query, "DeleteLoginProfile", &[NAMED], Refused(404, "EntityNotExist.User.LoginProfile")),
            step(Query, "UnbindMFADevice", &[NAMED], Refused(404, "EntityNotExist.User.MFADevice")),
            step(Query, "DeleteUser", &[NAMED], DONE),
            step(Query, "ListUsers", &[("MaxItems", "100")], Read(&[("/Users/User/0", NONE)])),
            step(Query, "GetUser", &[NAMED], Refused(404, "EntityNotExist.User")),
        ],
    }
}

pub(super) fn group() -> Flow {
    const NAMED: (&str, &str) = ("GroupName", "tf-testAcc-group");
    Flow {
        of: "alicloud_ram_group",
        make: vec![
            step(
                Body,
                "CreateGroup",
                &[NAMED, ("Comments", "group comments")],
                Read(&[("/Group/GroupName", "tf-testAcc-group")]),
            ),
            step(Body, "UpdateGroup", &[NAMED, ("NewComments", "update")], DONE),
        ],
        read: vec![step(
            Body,
            "GetGroup",
            &[NAMED],
            Read(&[
                ("/Group/GroupName", "tf-testAcc-group"),
                ("/Group/Comments", "update"),
                ("/Group/CreateDate", SET),
            ]),
        )],
        destroy: vec![
            step(
                Body,
                "ListUsersForGroup",
                &[NAMED],
                Read(&[("/Users/User/0", NONE), ("/IsTruncated", "false"), ("/Marker", NONE)]),
            ),
            step(Body, "ListPoliciesForGroup", &[NAMED], Read(&[("/Policies/Policy/0", NONE)])),
            step(Body, "DeleteGroup", &[NAMED], DONE),
            step(Body, "GetGroup", &[NAMED], Refused(404, "EntityNotExist.Group")),
            step(Body, "DeleteGroup", &[NAMED], Refused(404, "EntityNotExist.Group")),
        ],
    }
}

pub(super) fn group_membership() -> Flow {
    const BOTH: [(&str, &str); 2] = [("UserName", "tf-testAcc-user"), ("GroupName", "tf-testAcc-group")];
    const GROUP: &[(&str, &str)] = &[("GroupName", "tf-testAcc-group")];
    Flow {
        of: "alicloud_ram_group_membership, alicloud_ram_user_group_attachment",
        make: vec![
            step(Query, "AddUserToGroup", &BOTH, DONE),
            step(Body, "AddUserToGroup", &BOTH, Refused(409, "EntityAlreadyExists.User.Group")),
        ],
        read: vec![step(
            Body,
            "ListUsersForGroup",
            GROUP,
            Read(&[("/Users/User/0/UserName", "tf-testAcc-user"), ("/IsTruncated", "false")]),
        )],
        destroy: vec![
            step(Query, "DeleteUser", &[BOTH[0]], Refused(409, "DeleteConflict.User.Group")),
            step(Body, "DeleteGroup", GROUP, Refused(409, "DeleteConflict.Group.User")),
            step(Body, "RemoveUserFromGroup", &BOTH, DONE),
            step(Body, "RemoveUserFromGroup", &BOTH, Refused(404, "EntityNotExist.User.Group")),
        ],
    }
}

pub(super) fn role() -> Flow {
    const NAMED: (&str, &str) = ("RoleName", "tfaccram-5");
    const RESOURCE: [(&str, &str); 2] = [("ResourceType", "role"), ("ResourceNames", r#"["tfaccram-5"]"#)];
    Flow {
        of: "alicloud_ram_role",
        make: vec![
            step(
                Body,
                "CreateRole",
                &[
                    NAMED,
                    ("Description", "d"),
                    ("AssumeRolePolicyDocument", TRUST),
                    ("MaxSessionDuration", "6000"),
                ],
                Read(&[("/Role/RoleName", "tfaccram-5")]),
            ),
            step(Body, "UpdateRole", &[NAMED, ("NewDescription", "changed")], DONE),
            step(Body, "UpdateRole", &[NAMED, ("NewMaxSessionDuration", "7200")], DONE),
            step(Body, "TagResources", &[RESOURCE[0], RESOURCE[1], ("Tag", TAGS)], DONE),
            step(
                Body,
                "UntagResources",
                &[RESOURCE[0], RESOURCE[1], ("TagKey.1", "Created"), ("TagKeys", r#"["Created"]"#)],
                DONE,
            ),
        ],
        read: vec![
            step(
                Body,
                "GetRole",
                &[NAMED],
                Read(&[
                    ("/Role/Arn", "acs:ram::1234567890123456:role/tfaccram-5"),
                    ("/Role/AssumeRolePolicyDocument", TRUST),
                    ("/Role/CreateDate", SET),
                    ("/Role/Description", "changed"),
                    ("/Role/MaxSessionDuration", "7200"),
                    ("/Role/RoleId", SET),
                ]),
            ),
            step(
                Body,
                "ListTagResources",
                &RESOURCE,
                Read(&[
                    ("/TagResources/0/TagKey", "For"),
                    ("/TagResources/0/TagValue", "Test"),
                    ("/TagResources/1", NONE),
                ]),
            ),
        ],
        destroy: vec![
            step(Body, "ListPoliciesForRole", &[NAMED], Read(&[("/Policies/Policy/0", NONE)])),
            step(Body, "DeleteRole", &[NAMED], DONE),
            step(Body, "GetRole", &[NAMED], Refused(404, "EntityNotExist.Role")),
            step(Body, "ListPoliciesForRole", &[NAMED], Refused(404, "EntityNotExist.Role")),
        ],
    }
}

pub(super) fn policy() -> Flow {
    const NAMED: (&str, &str) = ("PolicyName", "tfaccram-policy");
    const CUSTOM: [(&str, &str); 2] = [NAMED, ("PolicyType", "Custom")];
    const RESOURCE: [(&str, &str); 2] =
        [("ResourceType", "policy"), ("ResourceNames", r#"["tfaccram-policy"]"#)];
    Flow {
        of: "alicloud_ram_policy",
        make: vec![
            step(
                Body,
                "CreatePolicy",
                &[NAMED, ("Description", "d"), ("PolicyDocument", DOCUMENT), ("Tag", TAGS)],
                Read(&[("/Policy/PolicyName", "tfaccram-policy")]),
            ),
            step(
                Body,
                "CreatePolicyVersion",
                &[
                    NAMED,
                    ("SetAsDefault", "true"),
                    ("PolicyDocument", OTHER_DOCUMENT),
                    ("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded"),
                ],
                DONE,
            ),
            step(Body, "UpdatePolicyDescription", &[NAMED, ("NewDescription", "changed")], DONE),
        ],
        read: vec![
            step(
                Body,
                "GetPolicy",
                &CUSTOM,
                Read(&[
                    ("/DefaultPolicyVersion/PolicyDocument", OTHER_DOCUMENT),
                    ("/DefaultPolicyVersion/VersionId", "v2"),
                    ("/Policy/CreateDate", SET),
                    ("/Policy/Description", "changed"),
                    ("/Policy/DefaultVersion", "v2"),
                    ("/Policy/AttachmentCount", SET),
                    ("/Policy/PolicyType", "Custom"),
                ]),
            ),
            step(Body, "ListTagResources", &RESOURCE, Read(&[("/TagResources/1/TagValue", "Test")])),
        ],
        // With `force`, after what it is attached to was looked up and detached.
        destroy: vec![
            step(
                Body,
                "ListEntitiesForPolicy",
                &CUSTOM,
                Read(&[("/Users/User/0", NONE), ("/Groups/Group/0", NONE), ("/Roles/Role/0", NONE)]),
            ),
            step(
                Body,
                "ListPolicyVersions",
                &CUSTOM,
                Read(&[
                    ("/PolicyVersions/PolicyVersion/0/VersionId", "v1"),
                    ("/PolicyVersions/PolicyVersion/0/IsDefaultVersion", "false"),
                ]),
            ),
            step(Body, "DeletePolicyVersion", &[NAMED, ("VersionId", "v1")], DONE),
            step(Body, "DeletePolicy", &[NAMED, ("CascadingDelete", "true")], DONE),
            step(Body, "GetPolicy", &CUSTOM, Refused(404, "EntityNotExist.Policy")),
            step(
                Body,
                "DeletePolicy",
                &[NAMED, ("CascadingDelete", "true")],
                Refused(404, "EntityNotExist.Policy"),
            ),
        ],
    }
}

pub(super) fn attachments() -> Flow {
    const USER: (&str, &str) = ("UserName", "tf-testAcc-user");
    const GROUP: (&str, &str) = ("GroupName", "tf-testAcc-group");
    const ROLE: (&str, &str) = ("RoleName", "tfaccram-5");
    const SYSTEM: (&str, &str) = ("PolicyType", "System");
    const ECS: (&str, &str) = ("PolicyName", "AliyunECSFullAccess");
    const GA: (&str, &str) = ("PolicyName", "AliyunGlobalAccelerationReadOnlyAccess");
    const CUSTOM: (&str, &str) = ("PolicyType", "Custom");
    const OWN: (&str, &str) = ("PolicyName", "tfaccram-policy");
    const FIRST: Expected = Read(&[
        ("/Policies/Policy/0/PolicyName", SET),
        ("/Policies/Policy/0/PolicyType", "System"),
        ("/Policies/Policy/0/Description", SET),
        ("/Policies/Policy/0/AttachDate", SET),
    ]);
    Flow {
        of: "alicloud_ram_user_policy_attachment, …_group_policy_attachment, …_role_policy_attachment",
        make: vec![
            step(Body, "AttachPolicyToUser", &[SYSTEM, ECS, USER], DONE),
            step(
                Body,
                "AttachPolicyToUser",
                &[SYSTEM, ECS, USER],
                Refused(409, "EntityAlreadyExists.User.Policy"),
            ),
            step(Body, "AttachPolicyToGroup", &[SYSTEM, GA, GROUP], DONE),
            step(Body, "AttachPolicyToRole", &[SYSTEM, GA, ROLE], DONE),
            step(Body, "AttachPolicyToRole", &[CUSTOM, OWN, ROLE], DONE),
        ],
        read: vec![
            step(Body, "ListPoliciesForUser", &[USER], FIRST),
            step(Body, "ListPoliciesForGroup", &[GROUP], FIRST),
            step(Body, "ListPoliciesForRole", &[ROLE], FIRST),
            step(
                Body,
                "ListPoliciesForRole",
                &[ROLE],
                Read(&[("/Policies/Policy/1/PolicyName", "tfaccram-policy")]),
            ),
            step(
                Query,
                "ListEntitiesForPolicy",
                &[SYSTEM, GA],
                Read(&[
                    ("/Users/User/0", NONE),
                    ("/Groups/Group/0/GroupName", "tf-testAcc-group"),
                    ("/Roles/Role/0/RoleName", "tfaccram-5"),
                ]),
            ),
        ],
        destroy: vec![
            step(Body, "DeleteRole", &[ROLE], Refused(409, "DeleteConflict.Role.Policy")),
            step(
                Body,
                "DeletePolicy",
                &[OWN, ("CascadingDelete", "true")],
                Refused(409, "DeleteConflict.Policy.Role"),
            ),
            step(Body, "DetachPolicyFromUser", &[SYSTEM, ECS, USER], DONE),
            step(
                Body,
                "DetachPolicyFromUser",
                &[SYSTEM, ECS, USER],
                Refused(404, "EntityNotExist.User.Policy"),
            ),
            step(Body, "DetachPolicyFromGroup", &[SYSTEM, GA, GROUP], DONE),
            step(
                Body,
                "DetachPolicyFromGroup",
                &[SYSTEM, GA, GROUP],
                Refused(404, "EntityNotExist.Group.Policy"),
            ),
            step(Body, "DetachPolicyFromRole", &[SYSTEM, GA, ROLE], DONE),
            step(
                Body,
                "DetachPolicyFromRole",
                &[SYSTEM, GA, ROLE],
                Refused(404, "EntityNotExist.Role.Policy"),
            ),
            step(Body, "DetachPolicyFromRole", &[CUSTOM, OWN, ROLE], DONE),
        ],
    }
}

pub(super) fn access_key() -> Flow {
    const USER: (&str, &str) = ("UserName", "tf-testAcc-user");
    const KEY: (&str, &str) = ("UserAccessKeyId", "{access-key}");
    Flow {
        of: "alicloud_ram_access_key",
        make: vec![
            step(
                Body,
                "CreateAccessKey",
                &[USER],
                Read(&[("/AccessKey/AccessKeyId", "=access-key"), ("/AccessKey/AccessKeySecret", SET)]),
            ),
            step(Body, "UpdateAccessKey", &[KEY, ("Status", "Inactive"), USER], DONE),
        ],
        read: vec![step(
            Body,
            "ListAccessKeys",
            &[USER],
            Read(&[
                ("/AccessKeys/AccessKey/0/AccessKeyId", "{access-key}"),
                ("/AccessKeys/AccessKey/0/Status", "Inactive"),
                ("/AccessKeys/AccessKey/0/CreateDate", SET),
            ]),
        )],
        destroy: vec![
            step(Body, "DeleteAccessKey", &[KEY, USER], DONE),
            step(Body, "DeleteAccessKey", &[KEY, USER], Refused(404, "EntityNotExist.User.AccessKey")),
            step(Body, "ListAccessKeys", &[("UserName", "none")], Refused(404, "EntityNotExist.User")),
        ],
    }
}

pub(super) fn login_profile() -> Flow {
    const USER: (&str, &str) = ("UserName", "tf-testAcc-user");
    const PASSWORD: (&str, &str) = ("Password", "YourPassword123!");
    Flow {
        of: "alicloud_ram_login_profile",
        make: vec![
            step(
                Body,
                "CreateLoginProfile",
                &[USER, PASSWORD],
                Read(&[("/LoginProfile/UserName", "tf-testAcc-user")]),
            ),
            step(
                Body,
                "GetLoginProfile",
                &[USER],
                Read(&[
                    ("/LoginProfile/PasswordResetRequired", "false"),
                    ("/LoginProfile/MFABindRequired", "false"),
                ]),
            ),
            step(Body, "UpdateLoginProfile", &[USER, PASSWORD, ("PasswordResetRequired", "true")], DONE),
            step(
                Body,
                "UpdateLoginProfile",
                &[USER, PASSWORD, ("PasswordResetRequired", "false"), ("MFABindRequired", "true")],
                DONE,
            ),
        ],
        read: vec![step(
            Body,
            "GetLoginProfile",
            &[USER],
            Read(&[
                ("/LoginProfile/CreateDate", SET),
                ("/LoginProfile/PasswordResetRequired", "false"),
                ("/LoginProfile/MFABindRequired", "true"),
                ("/LoginProfile/UserName", "tf-testAcc-user"),
            ]),
        )],
        destroy: vec![
            step(Body, "DeleteLoginProfile", &[USER], DONE),
            step(Body, "GetLoginProfile", &[USER], Refused(404, "EntityNotExist.User.LoginProfile")),
        ],
    }
}

pub(super) fn account_alias() -> Flow {
    Flow {
        of: "alicloud_ram_account_alias",
        make: vec![
            step(Body, "SetAccountAlias", &[("AccountAlias", "1511928242963727forcreate")], DONE),
            step(Body, "SetAccountAlias", &[("AccountAlias", "tf-testacc1234")], DONE),
        ],
        read: vec![
            step(Body, "GetAccountAlias", &[], Read(&[("/AccountAlias", "tf-testacc1234")])),
            step(Query, "GetAccountAlias", &[], Read(&[("/AccountAlias", "tf-testacc1234")])),
        ],
        // The provider leaves it where it is.
        destroy: vec![],
    }
}
