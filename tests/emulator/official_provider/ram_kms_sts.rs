//! What the official Terraform provider (`aliyun/terraform-provider-alicloud`) asks of RAM, KMS and STS for its
//! resources and data sources, and what it reads in the answers, step by step, as its sources and its acceptance
//! tests have it. These tests run on the cloud: what they expect there is a fact.
//!
//! It calls in two forms. Newer resources send the parameters of an action in a form, the others in the query; both
//! sign in version 1 with the method `POST`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::{Key, RpcRequest};

use crate::client::TestServer;

/// Where a call has the parameters of its action.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// In a form.
    Body,
    /// In the query, with the region.
    Query,
}
use Form::{Body, Query};

/// A call, and what is expected of it.
#[derive(Clone, Debug)]
struct Step {
    form: Form,
    action: &'static str,
    /// `{name}` stands for what an earlier step has kept under that name.
    parameters: &'static [(&'static str, &'static str)],
    expected: Expected,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Success: what the provider reads, by its JSON pointer. [`SET`] is anything but empty, [`NONE`] that there is
    /// no such member; a value that begins with `=` is kept under the name that follows.
    Read(&'static [(&'static str, &'static str)]),
    /// An error that it tells from others by its code.
    Refused(u16, &'static str),
}
use Expected::{Read, Refused};

const SET: &str = "(set)";
const NONE: &str = "(none)";

/// A resource or data source: how it is made and changed, how it is read, and how it is destroyed.
#[derive(Clone, Debug)]
struct Flow {
    of: &'static str,
    make: Vec<Step>,
    read: Vec<Step>,
    destroy: Vec<Step>,
}

fn step(
    form: Form,
    action: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    expected: Expected,
) -> Step {
    Step { form, action, parameters, expected }
}

const DONE: Expected = Read(&[]);
const TRUST: &str = r#"{"Statement": [{"Action": ["sts:AssumeRole","sts:SetSourceIdentity"],"Effect": "Allow","Principal": {"Service": ["apigateway.aliyuncs.com","ecs.aliyuncs.com"]}}],"Version": "1"}"#;
const DOCUMENT: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
const OTHER_DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["kms:DescribeKey"],"Resource":["acs:kms:*:*:*"],"Condition":{"StringEquals":{"acs:x":["","a"]}}}]}"#;
const TAGS: &str = r#"[{"Key":"Created","Value":"TF"},{"Key":"For","Value":"Test"}]"#;

/// Users come first, for the others are attached to them; what is made first is destroyed last.
fn flows() -> Vec<Flow> {
    vec![
        user(),
        group(),
        group_membership(),
        role(),
        policy(),
        attachments(),
        access_key(),
        login_profile(),
        account_alias(),
        kms_key(),
        kms_key_in_an_instance(),
        kms_alias(),
        kms_ciphertext(),
        kms_key_version(),
        data_sources(),
    ]
}

fn user() -> Flow {
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

fn group() -> Flow {
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

fn group_membership() -> Flow {
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

fn role() -> Flow {
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

fn policy() -> Flow {
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

fn attachments() -> Flow {
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

fn access_key() -> Flow {
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

fn login_profile() -> Flow {
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

fn account_alias() -> Flow {
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

const KMS_KEY: (&str, &str) = ("KeyId", "{key}");
const KMS_RESOURCE: [(&str, &str); 2] = [("ResourceType", "key"), ("ResourceId.1", "{key}")];

fn kms_key() -> Flow {
    const KMS_TAGS: &str = r#"[{"TagKey":"Created","TagValue":"TF"}]"#;
    Flow {
        of: "alicloud_kms_key",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[
                    ("Description", "d"),
                    ("KeyUsage", "ENCRYPT/DECRYPT"),
                    ("Origin", "Aliyun_KMS"),
                    ("ProtectionLevel", "SOFTWARE"),
                    ("RotationInterval", "605800s"),
                    ("KeySpec", "Aliyun_AES_256"),
                    ("EnableAutomaticRotation", "true"),
                    ("Tags", KMS_TAGS),
                ],
                Read(&[("/KeyMetadata/KeyId", "=key")]),
            ),
            step(
                Body,
                "DescribeKey",
                &[KMS_KEY],
                Read(&[
                    ("/KeyMetadata/AutomaticRotation", "Enabled"),
                    ("/KeyMetadata/RotationInterval", "605800s"),
                    ("/KeyMetadata/NextRotationDate", SET),
                ]),
            ),
            step(Body, "UpdateRotationPolicy", &[KMS_KEY, ("EnableAutomaticRotation", "false")], DONE),
            step(Body, "UpdateKeyDescription", &[KMS_KEY, ("Description", "changed")], DONE),
            step(Body, "SetDeletionProtection", &[KMS_KEY, ("EnableDeletionProtection", "true")], DONE),
            step(
                Body,
                "SetDeletionProtection",
                &[
                    KMS_KEY,
                    ("EnableDeletionProtection", "true"),
                    ("DeletionProtectionDescription", "of the tests"),
                ],
                DONE,
            ),
            step(Body, "DisableKey", &[KMS_KEY], DONE),
            step(Body, "DescribeKey", &[KMS_KEY], Read(&[("/KeyMetadata/KeyState", "Disabled")])),
            step(Body, "EnableKey", &[KMS_KEY], DONE),
            step(
                Body,
                "TagResources",
                &[KMS_RESOURCE[0], KMS_RESOURCE[1], ("Tag.1.Key", "For"), ("Tag.1.Value", "Test")],
                DONE,
            ),
            step(Body, "UntagResources", &[KMS_RESOURCE[0], KMS_RESOURCE[1], ("TagKey.1", "Created")], DONE),
        ],
        read: kms_key_read(),
        destroy: vec![
            step(Body, "SetDeletionProtection", &[KMS_KEY, ("EnableDeletionProtection", "false")], DONE),
            step(Body, "ScheduleKeyDeletion", &[KMS_KEY, ("PendingWindowInDays", "7")], DONE),
            // The provider takes a key that is pending for gone.
            step(
                Body,
                "DescribeKey",
                &[KMS_KEY],
                Read(&[("/KeyMetadata/KeyState", "PendingDeletion"), ("/KeyMetadata/DeleteDate", SET)]),
            ),
            step(Body, "DescribeKey", &[("KeyId", "none")], Refused(404, "Forbidden.KeyNotFound")),
            step(Body, "DescribeKey", &[("KeyId", "alias/none")], Refused(404, "Forbidden.AliasNotFound")),
        ],
    }
}

fn kms_key_read() -> Vec<Step> {
    vec![
        step(
            Body,
            "DescribeKey",
            &[KMS_KEY],
            Read(&[
                ("/KeyMetadata/AutomaticRotation", "Disabled"),
                ("/KeyMetadata/RotationInterval", NONE),
                ("/KeyMetadata/DeletionProtection", "Enabled"),
                ("/KeyMetadata/DeletionProtectionDescription", "of the tests"),
                ("/KeyMetadata/Description", "changed"),
                ("/KeyMetadata/KeySpec", "Aliyun_AES_256"),
                ("/KeyMetadata/KeyUsage", "ENCRYPT/DECRYPT"),
                ("/KeyMetadata/Origin", "Aliyun_KMS"),
                ("/KeyMetadata/ProtectionLevel", "SOFTWARE"),
                ("/KeyMetadata/KeyState", "Enabled"),
                ("/KeyMetadata/Arn", SET),
                ("/KeyMetadata/PrimaryKeyVersion", SET),
                ("/KeyMetadata/LastRotationDate", SET),
                ("/KeyMetadata/Creator", "1234567890123456"),
                ("/KeyMetadata/CreationDate", SET),
                ("/KeyMetadata/DKMSInstanceId", NONE),
            ]),
        ),
        step(
            Body,
            "ListTagResources",
            &KMS_RESOURCE,
            Read(&[
                ("/TagResources/TagResource/0/TagKey", "For"),
                ("/TagResources/TagResource/0/TagValue", "Test"),
                ("/TagResources/TagResource/1", NONE),
                ("/NextToken", ""),
            ]),
        ),
    ]
}

fn kms_key_in_an_instance() -> Flow {
    const KEY: (&str, &str) = ("KeyId", "{key-in-instance}");
    Flow {
        of: "alicloud_kms_key with dkms_instance_id",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[("ProtectionLevel", "SOFTWARE"), ("DKMSInstanceId", "kst-hzz1")],
                Read(&[("/KeyMetadata/KeyId", "=key-in-instance")]),
            ),
            step(Body, "GetKeyPolicy", &[KEY], Read(&[("/Policy", SET)])),
            step(Body, "SetKeyPolicy", &[KEY, ("Policy", DOCUMENT)], DONE),
        ],
        read: vec![
            step(Body, "DescribeKey", &[KEY], Read(&[("/KeyMetadata/DKMSInstanceId", "kst-hzz1")])),
            step(Body, "GetKeyPolicy", &[KEY], Read(&[("/Policy", DOCUMENT)])),
        ],
        destroy: vec![step(Body, "ScheduleKeyDeletion", &[KEY, ("PendingWindowInDays", "366")], DONE)],
    }
}

fn kms_alias() -> Flow {
    const ALIAS: (&str, &str) = ("AliasName", "alias/tf_testaccKmsAlias_1");
    const PAGE: [(&str, &str); 2] = [("PageSize", "50"), ("PageNumber", "1")];
    Flow {
        of: "alicloud_kms_alias, data.alicloud_kms_aliases",
        make: vec![
            step(Body, "CreateAlias", &[ALIAS, ("KeyId", "{key}")], DONE),
            step(Body, "UpdateAlias", &[ALIAS, ("KeyId", "{key-in-instance}")], DONE),
        ],
        read: vec![step(
            Body,
            "ListAliases",
            &PAGE,
            Read(&[
                ("/Aliases/Alias/0/AliasName", "alias/tf_testaccKmsAlias_1"),
                ("/Aliases/Alias/0/KeyId", "{key-in-instance}"),
                ("/Aliases/Alias/1", NONE),
            ]),
        )],
        destroy: vec![
            step(Body, "DeleteAlias", &[ALIAS], DONE),
            step(Body, "ListAliases", &PAGE, Read(&[("/Aliases/Alias/0", NONE)])),
        ],
    }
}

/// The plaintext is not base64, and comes back as it was sent.
fn kms_ciphertext() -> Flow {
    const CONTEXT: (&str, &str) = ("EncryptionContext", r#"{"name":"value"}"#);
    const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");
    let encrypt = |context, expected| Step {
        parameters: if context {
            &[("Plaintext", "plaintext"), ("KeyId", "{key}"), REGION, CONTEXT]
        } else {
            &[("Plaintext", "plaintext"), ("KeyId", "{key}"), REGION, ("EncryptionContext", "{}")]
        },
        ..step(Body, "Encrypt", &[], expected)
    };
    Flow {
        of: "alicloud_kms_ciphertext, data.alicloud_kms_ciphertext, data.alicloud_kms_plaintext",
        make: vec![
            encrypt(false, Read(&[("/CiphertextBlob", "=blob")])),
            encrypt(true, Read(&[("/CiphertextBlob", "=blob-with-context")])),
        ],
        read: vec![
            step(
                Body,
                "Decrypt",
                &[("CiphertextBlob", "{blob}"), REGION, ("EncryptionContext", "{}")],
                Read(&[("/Plaintext", "plaintext"), ("/KeyId", "{key}")]),
            ),
            step(
                Body,
                "Decrypt",
                &[("CiphertextBlob", "{blob-with-context}"), REGION, CONTEXT],
                Read(&[("/Plaintext", "plaintext"), ("/KeyId", "{key}")]),
            ),
        ],
        destroy: vec![],
    }
}

fn kms_key_version() -> Flow {
    Flow {
        of: "alicloud_kms_key_version, data.alicloud_kms_key_versions",
        make: vec![
            step(
                Body,
                "CreateKey",
                &[("KeySpec", "RSA_2048"), ("KeyUsage", "SIGN/VERIFY"), ("ProtectionLevel", "SOFTWARE")],
                Read(&[("/KeyMetadata/KeyId", "=pair")]),
            ),
            // Seven days too early: the test has an older key. `kms::tests` has the rest.
            step(Body, "CreateKeyVersion", &[("KeyId", "{pair}")], Refused(409, "Rejected.LimitExceeded")),
        ],
        read: vec![
            step(
                Body,
                "ListKeyVersions",
                &[("KeyId", "{pair}"), ("PageSize", "50"), ("PageNumber", "1")],
                Read(&[
                    ("/KeyVersions/KeyVersion/0/KeyVersionId", "=pair-version"),
                    ("/KeyVersions/KeyVersion/0/KeyId", "{pair}"),
                    ("/KeyVersions/KeyVersion/0/CreationDate", SET),
                ]),
            ),
            step(
                Body,
                "DescribeKeyVersion",
                &[("KeyId", "{pair}"), ("KeyVersionId", "{pair-version}")],
                Read(&[("/KeyVersion/KeyVersionId", "{pair-version}")]),
            ),
        ],
        destroy: vec![step(
            Body,
            "ScheduleKeyDeletion",
            &[("KeyId", "{pair}"), ("PendingWindowInDays", "7")],
            DONE,
        )],
    }
}

fn data_sources() -> Flow {
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

/// The version of the API that has an action: what it is called for, and by whom, says which service.
fn version(of: &str, action: &str) -> &'static str {
    match action {
        "GetCallerIdentity" => "2015-04-01",
        "ListKeys" => "2016-01-20",
        _ if of.starts_with("alicloud_kms") => "2016-01-20",
        _ => "2015-05-01",
    }
}

/// A run of the provider: what earlier steps have kept.
#[derive(Debug, Default)]
struct Run {
    kept: BTreeMap<&'static str, String>,
}

impl Run {
    fn filled(&self, text: &str) -> String {
        let kept = self.kept.iter();
        kept.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    async fn call(&self, server: &TestServer, key: &Key, of: &str, step: &Step) -> (u16, Value) {
        let filled: Vec<(&str, String)> =
            step.parameters.iter().map(|(name, value)| (*name, self.filled(value))).collect();
        let mut parameters: Vec<(&str, &str)> =
            filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (query, form): (&[_], &[_]) = match step.form {
            Body => (&[("Format", "json")], &parameters),
            Query => {
                parameters.extend([("Format", "JSON"), ("RegionId", "cn-hangzhou"), ("SignatureType", "")]);
                (&parameters, &[])
            }
        };
        let request = RpcRequest {
            method: "POST",
            host: "127.0.0.1",
            action: (version(of, step.action), step.action),
            time: "2026-11-20T08:00:00Z",
            query,
            form: Some(form),
        };
        let answer = exchange(server.addr(), &request.signed(key)).await.unwrap();
        (answer.status, answer.json())
    }

    async fn take(&mut self, server: &TestServer, flow: &Flow, steps: &[Step]) {
        for step in steps {
            let (status, answer) = self.call(server, &Key::root(), flow.of, step).await;
            let what = format!("{}, {} {:?}: {status} {answer}", flow.of, step.action, step.parameters);
            match step.expected {
                Refused(expected, code) => {
                    assert_eq!((status, answer["Code"].as_str()), (expected, Some(code)), "{what}");
                }
                Read(members) => {
                    assert_eq!(status, 200, "{what}");
                    for (pointer, expected) in members {
                        self.check(&answer, pointer, expected, &what);
                    }
                }
            }
        }
    }

    fn check(&mut self, answer: &Value, pointer: &str, expected: &'static str, what: &str) {
        let found =
            answer.pointer(pointer).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        if expected == NONE {
            assert_eq!(found, None, "{pointer}: {what}");
            return;
        }
        let found = found.unwrap_or_else(|| panic!("there is no {pointer}: {what}"));
        match expected.strip_prefix('=') {
            Some(name) => drop(self.kept.insert(name, found)),
            None if expected == SET => assert!(!found.is_empty(), "{pointer} is empty: {what}"),
            None => assert_eq!(found, self.filled(expected), "{pointer}: {what}"),
        }
    }

    async fn make(&mut self, server: &TestServer) {
        for flow in flows() {
            self.take(server, &flow, &flow.make).await;
        }
    }

    async fn read(&mut self, server: &TestServer) {
        for flow in flows() {
            self.take(server, &flow, &flow.read).await;
        }
    }

    async fn destroy(&mut self, server: &TestServer) {
        for flow in flows().into_iter().rev() {
            self.take(server, &flow, &flow.destroy).await;
        }
    }
}

/// Nothing but an account and its key.
fn seed() -> String {
    json!({"access_keys": [{"id": "ak-root", "secret": "sk-root"}]}).to_string()
}

/// What it makes it reads back as it expects, also after a restart, and what it destroys is gone.
#[tokio::test]
async fn its_resources_and_data_sources_find_what_they_expect() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::default();
    let server = TestServer::in_folder(&seed(), folder.path()).await;
    run.make(&server).await;
    run.read(&server).await;
    server.shutdown().await;

    let server = TestServer::in_folder(&seed(), folder.path()).await;
    run.read(&server).await;
    run.destroy(&server).await;
    server.shutdown().await;

    let server = TestServer::in_folder(&seed(), folder.path()).await;
    let left = server.control("GET", "state", "").await;
    assert_eq!((&left["users"], &left["roles"]), (&json!([]), &json!([])));
}

/// Each of these calls takes a permission of its own, but for the one that tells callers who they are.
#[tokio::test]
async fn who_may_do_nothing_gets_none_of_it() {
    const RAM: &str = "2015-05-01";
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::in_folder(&seed(), folder.path()).await;
    let mut run = Run::default();
    run.make(&server).await;
    let made = server.rpc(&Key::root(), (RAM, "CreateUser"), &[("UserName", "nobody")]).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = server.rpc(&Key::root(), (RAM, "CreateAccessKey"), &[("UserName", "nobody")]).await.json();
    let member = |name: &str| made["AccessKey"][name].as_str().unwrap().to_owned();
    let nobody = Key::new(&member("AccessKeyId"), &member("AccessKeySecret"));
    let mut asked = 0;
    for flow in flows() {
        // What names something that is not there is another error in KMS, which has to find the key to know its
        // resource.
        let steps = [&flow.make, &flow.read, &flow.destroy].into_iter().flatten();
        for step in steps.filter(|step| !step.parameters.iter().any(|(_, value)| value.ends_with("none"))) {
            let (status, answer) = run.call(&server, &nobody, flow.of, step).await;
            let expected = match version(flow.of, step.action) {
                "2015-04-01" => (200, None),
                RAM => (403, Some("NoPermission")),
                _ => (403, Some("Forbidden.NoPermission")),
            };
            assert_eq!((status, answer["Code"].as_str()), expected, "{} {}: {answer}", flow.of, step.action);
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}
