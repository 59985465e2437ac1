//! The rules of the service, action by action.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::SERVICE;
use crate::access::{AccessKey, AccessKeys, Principal};
use crate::identity::Directory;
use crate::rpc::testing::{ACCOUNT, ServiceHarness};

const TRUST: &str = r#"{ "Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "log.aliyuncs.com"}}]}"#;
const DOCUMENT: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:PassRole","Resource":"*"}]}"#;

fn bench() -> ServiceHarness<Directory> {
    ServiceHarness::new(SERVICE, Directory::new(ACCOUNT, AccessKeys::new()))
}

fn with_role(name: &str) -> ServiceHarness<Directory> {
    let mut bench = bench();
    bench.done("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]);
    bench
}

const KMS_READ: [(&str, &str); 2] = [("PolicyType", "System"), ("PolicyName", "AliyunKMSReadOnlyAccess")];

fn on<'a>(name: &'a str, value: &'a str, policy: [(&'a str, &'a str); 2]) -> [(&'a str, &'a str); 3] {
    let [kind, policy] = policy;
    [(name, value), kind, policy]
}

#[test]
fn every_action_is_listed_once() {
    let names: BTreeSet<&str> = SERVICE.actions.iter().map(|action| action.name).collect();
    assert_eq!(names.len(), SERVICE.actions.len());
}

#[test]
fn a_role_keeps_the_case_of_its_name_and_its_arn_does_not() {
    let mut bench = with_role("Sls.Byok-Role");
    let got = bench.done("GetRole", &[("RoleName", "sls.byok-role")]);
    let role = &got["Role"];
    assert_eq!(role["RoleName"], "Sls.Byok-Role");
    assert_eq!(role["Arn"], "acs:ram::1234567890123456:role/sls.byok-role");
    assert_eq!(role["AssumeRolePolicyDocument"], TRUST);
    assert_eq!(role["CreateDate"], "2026-11-20T08:00:00Z");
    assert_eq!(role["MaxSessionDuration"], 3_600);
    assert_eq!(role["RolePrincipalName"], "Sls.Byok-Role@role.1234567890123456.onaliyunservice.com");
    let again = [("RoleName", "SLS.BYOK-ROLE"), ("AssumeRolePolicyDocument", TRUST)];
    bench.refused("CreateRole", &again, 409, "EntityAlreadyExists.Role");
}

#[test]
fn an_update_changes_what_it_names() {
    let mut bench = with_role("byok");
    bench.now += 60;
    let changes = [("RoleName", "byok"), ("NewMaxSessionDuration", "7200"), ("NewDescription", "d")];
    bench.done("UpdateRole", &changes);
    let updated = bench.done("UpdateRole", &[("RoleName", "byok"), ("NewDescription", "")]);
    assert_eq!(updated["Role"]["MaxSessionDuration"], 7_200);
    assert_eq!(updated["Role"]["Description"], "");
    assert_eq!(updated["Role"]["UpdateDate"], "2026-11-20T08:01:00Z");
    assert_eq!(updated["Role"]["AssumeRolePolicyDocument"], TRUST);
}

#[test]
fn whether_people_may_switch_to_a_role_is_kept() {
    let mut bench = with_role("byok");
    let allowed = |role: &Value| role["AllowConsoleLogin"].clone();
    assert_eq!(allowed(&bench.done("GetRole", &[("RoleName", "byok")])["Role"]), true);
    let no = [("RoleName", "byok"), ("NewAllowConsoleLogin", "false")];
    assert_eq!(allowed(&bench.done("UpdateRole", &no)["Role"]), false);
    bench.done("UpdateRole", &[("RoleName", "byok"), ("NewDescription", "d")]);
    assert_eq!(allowed(&bench.done("ListRoles", &[])["Roles"]["Role"][0]), false);
    let other = [("RoleName", "other"), ("AssumeRolePolicyDocument", TRUST), ("AllowConsoleLogin", "False")];
    assert_eq!(allowed(&bench.done("CreateRole", &other)["Role"]), false);
    let bad = [("RoleName", "byok"), ("NewAllowConsoleLogin", "no")];
    bench.refused("UpdateRole", &bad, 400, "InvalidParameter.NewAllowConsoleLogin");
}

#[test]
fn only_reading_a_role_says_what_it_is_in_the_cloud() {
    let mut bench = with_role("byok");
    let role = &bench.done("GetRole", &[("RoleName", "byok")])["Role"];
    assert_eq!(role["IsServiceLinkedRole"], false);
    assert_eq!(role["LatestDeletionTask"], json!({"CreateDate": "", "DeletionTaskId": ""}));
    let updated = bench.done("UpdateRole", &[("RoleName", "byok")]);
    assert!(updated["Role"].get("IsServiceLinkedRole").is_none());
}

#[test]
fn bad_roles_are_refused_by_parameter() {
    let mut bench = bench();
    let role = |name: &str, value: &str| {
        let mut parameters = vec![("RoleName", "byok"), ("AssumeRolePolicyDocument", TRUST)];
        parameters.retain(|(known, _)| *known != name);
        parameters.push((name, value));
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let long = |length: usize| "a".repeat(length);
    let long_trust = TRUST.replace('{', &format!("{{{}", " ".repeat(1_000)));
    for (name, value, code) in [
        ("RoleName", "", "MissingParameter"),
        ("RoleName", "a b", "InvalidParameter.RoleName.InvalidChars"),
        ("RoleName", "a_b", "InvalidParameter.RoleName.InvalidChars"),
        ("RoleName", &long(65), "InvalidParameter.RoleName.Length"),
        ("AssumeRolePolicyDocument", "", "MissingParameter"),
        ("AssumeRolePolicyDocument", "{", "MalformedPolicyDocument"),
        ("AssumeRolePolicyDocument", DOCUMENT, "MalformedPolicyDocument"),
        ("AssumeRolePolicyDocument", &long_trust, "InvalidParameter.AssumeRolePolicyDocument.Length"),
        ("Description", &long(1_025), "InvalidParameter.Description.Length"),
        ("MaxSessionDuration", "3599", "InvalidParameter.MaxSessionDuration"),
        ("MaxSessionDuration", "43201", "InvalidParameter.MaxSessionDuration"),
        ("MaxSessionDuration", "1h", "InvalidParameter.MaxSessionDuration"),
        ("Tag", "k=v", "InvalidParameter.Tag"),
    ] {
        let parameters = role(name, value);
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        bench.refused("CreateRole", &parameters, 400, code);
    }
    for action in ["GetRole", "UpdateRole", "DeleteRole", "ListPoliciesForRole"] {
        let error = bench.refused(action, &[("RoleName", "None")], 404, "EntityNotExist.Role");
        assert_eq!(error.message, "The role not exists: None");
    }
}

#[test]
fn attaching_and_detaching_are_not_idempotent() {
    let mut bench = with_role("byok");
    bench.done("AttachPolicyToRole", &on("RoleName", "BYOK", KMS_READ));
    let again = [("PolicyType", "System"), ("PolicyName", "aliyunkmsreadonlyaccess")];
    let error = bench.refused(
        "AttachPolicyToRole",
        &on("RoleName", "byok", again),
        409,
        "EntityAlreadyExists.Role.Policy",
    );
    assert_eq!(error.message, "The policy has already been attached to the role.");
    let listed = bench.done("ListPoliciesForRole", &[("RoleName", "byok")]);
    let policies = listed["Policies"]["Policy"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0]["PolicyName"], "AliyunKMSReadOnlyAccess", "in its canonical case");
    assert_eq!(policies[0]["AttachDate"], "2026-11-20T08:00:00Z");

    bench.refused("DeleteRole", &[("RoleName", "byok")], 409, "DeleteConflict.Role.Policy");
    bench.done("DetachPolicyFromRole", &on("RoleName", "byok", again));
    let gone = on("RoleName", "byok", KMS_READ);
    bench.refused("DetachPolicyFromRole", &gone, 404, "EntityNotExist.Role.Policy");
    bench.done("DeleteRole", &[("RoleName", "byok")]);
    bench.refused("GetRole", &[("RoleName", "byok")], 404, "EntityNotExist.Role");
}

#[test]
fn every_kind_of_holder_has_its_own_codes() {
    let mut bench = with_role("h");
    bench.done("CreateUser", &[("UserName", "h")]);
    bench.done("CreateGroup", &[("GroupName", "h")]);
    for (kind, name) in [("User", "UserName"), ("Group", "GroupName"), ("Role", "RoleName")] {
        let (attach, detach) = (format!("AttachPolicyTo{kind}"), format!("DetachPolicyFrom{kind}"));
        let on_it = on(name, "h", KMS_READ);
        bench.done(&attach, &on_it);
        bench.refused(&attach, &on_it, 409, &format!("EntityAlreadyExists.{kind}.Policy"));
        bench.refused(
            &format!("Delete{kind}"),
            &[(name, "h")],
            409,
            &format!("DeleteConflict.{kind}.Policy"),
        );
        let entities = bench.done("ListEntitiesForPolicy", &KMS_READ);
        assert_eq!(entities[format!("{kind}s")][kind][0][name], "h");
        bench.done(&detach, &on_it);
        bench.refused(&detach, &on_it, 404, &format!("EntityNotExist.{kind}.Policy"));
        bench.refused(&attach, &on(name, "x", KMS_READ), 404, &format!("EntityNotExist.{kind}"));
        let unknown = [("PolicyType", "Custom"), ("PolicyName", "AliyunKMSReadOnlyAccess")];
        bench.refused(&attach, &on(name, "h", unknown), 404, "EntityNotExist.Policy");
        let lower = [("PolicyType", "system"), ("PolicyName", "AliyunKMSReadOnlyAccess")];
        bench.refused(&attach, &on(name, "h", lower), 400, "InvalidParameter.PolicyType");
    }
}

#[test]
fn a_role_holds_five_custom_policies_and_no_more() {
    let mut bench = with_role("byok");
    for number in 1..=6 {
        let name = format!("p{number}");
        bench.done("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", DOCUMENT)]);
        let on_role = on("RoleName", "byok", [("PolicyType", "Custom"), ("PolicyName", &name)]);
        if number <= 5 {
            bench.done("AttachPolicyToRole", &on_role);
        } else {
            bench.refused("AttachPolicyToRole", &on_role, 409, "LimitExceeded.Role.Policy");
        }
    }
}

#[test]
fn policies_have_up_to_five_versions_and_rotate_on_request() {
    let mut bench = bench();
    let name = ("PolicyName", "Pass");
    let created = bench.done("CreatePolicy", &[name, ("PolicyDocument", DOCUMENT)]);
    assert_eq!(created["Policy"]["DefaultVersion"], "v1");
    for expected in ["v2", "v3", "v4", "v5"] {
        let version = bench.done("CreatePolicyVersion", &[name, ("PolicyDocument", DOCUMENT)]);
        assert_eq!(version["PolicyVersion"]["VersionId"], expected);
        assert_eq!(version["PolicyVersion"]["IsDefaultVersion"], false);
    }
    let sixth = [name, ("PolicyDocument", DOCUMENT), ("SetAsDefault", "true")];
    bench.refused("CreatePolicyVersion", &sixth, 409, "LimitExceeded.Policy.Version");
    let mut rotating = sixth.to_vec();
    rotating.push(("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded"));
    bench.done("CreatePolicyVersion", &rotating);
    let (custom, any_case) = (("PolicyType", "Custom"), ("PolicyName", "PASS"));
    let policy = bench.done("GetPolicy", &[any_case, custom]);
    assert_eq!(policy["Policy"]["PolicyName"], "Pass");
    assert_eq!(policy["DefaultPolicyVersion"]["VersionId"], "v6");
    assert_eq!(policy["DefaultPolicyVersion"]["PolicyDocument"], DOCUMENT);
    let versions = bench.done("ListPolicyVersions", &[name, custom]);
    let ids: Vec<&str> = versions["PolicyVersions"]["PolicyVersion"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["VersionId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["v1", "v3", "v4", "v5", "v6"]);
    let version = |id: &'static str| [name, custom, ("VersionId", id)];
    bench.refused("GetPolicyVersion", &version("v2"), 404, "EntityNotExist.Policy.Version");
    bench.refused("GetPolicyVersion", &version("2"), 400, "InvalidParameter.VersionId.Format");
    bench.refused("DeletePolicyVersion", &version("v6"), 409, "DeleteConflict.Policy.Version.Default");
    bench.refused("DeletePolicy", &[name], 409, "DeleteConflict.Policy.Version");
    bench.done("SetDefaultPolicyVersion", &version("v1"));
    bench.done("DeletePolicyVersion", &version("v6"));
    bench.done("DeletePolicy", &[name, ("CascadingDelete", "true")]);
    bench.refused("GetPolicy", &[name, custom], 404, "EntityNotExist.Policy");
}

#[test]
fn a_policy_that_is_held_is_not_deleted() {
    let mut bench = bench();
    let name = ("PolicyName", "Pass");
    bench.done("CreatePolicy", &[name, ("PolicyDocument", DOCUMENT)]);
    bench.refused("CreatePolicy", &[name, ("PolicyDocument", DOCUMENT)], 409, "EntityAlreadyExists.Policy");
    bench.refused(
        "CreatePolicy",
        &[("PolicyName", "x"), ("PolicyDocument", TRUST)],
        400,
        "MalformedPolicyDocument",
    );
    bench.done("CreateUser", &[("UserName", "alice")]);
    bench.done("AttachPolicyToUser", &on("UserName", "alice", [("PolicyType", "Custom"), name]));
    bench.refused("DeletePolicy", &[name], 409, "DeleteConflict.Policy.User");
    let policy = bench.done("GetPolicy", &[name, ("PolicyType", "Custom")]);
    assert_eq!(policy["Policy"]["AttachmentCount"], 1);
    bench.refused("DeletePolicy", &[("PolicyName", "AliyunKMSReadOnlyAccess")], 404, "EntityNotExist.Policy");
}

#[test]
fn users_with_ties_are_not_deleted() {
    let mut bench = bench();
    bench.done("CreateUser", &[("UserName", "Alice"), ("DisplayName", "A")]);
    bench.refused("CreateUser", &[("UserName", "alice")], 409, "EntityAlreadyExists.User");
    bench.done("CreateGroup", &[("GroupName", "admins")]);
    let member = [("UserName", "alice"), ("GroupName", "admins")];
    bench.done("AddUserToGroup", &member);
    bench.refused("AddUserToGroup", &member, 409, "EntityAlreadyExists.User.Group");
    let groups = bench.done("ListGroupsForUser", &[("UserName", "alice")]);
    assert_eq!(groups["Groups"]["Group"][0]["GroupName"], "admins");
    let users = bench.done("ListUsersForGroup", &[("GroupName", "admins")]);
    assert_eq!(users["Users"]["User"][0]["UserName"], "Alice");
    bench.refused("DeleteUser", &[("UserName", "alice")], 409, "DeleteConflict.User.Group");
    bench.refused("DeleteGroup", &[("GroupName", "admins")], 409, "DeleteConflict.Group.User");
    bench.done("RemoveUserFromGroup", &member);
    bench.refused("RemoveUserFromGroup", &member, 404, "EntityNotExist.User.Group");
    let who = Principal::User { account_id: ACCOUNT.to_owned(), name: "Alice".to_owned() };
    bench.model.access_keys.insert(AccessKey::lasting("ak", "sk".into(), who));
    bench.refused("DeleteUser", &[("UserName", "alice")], 409, "DeleteConflict.User.AccessKey");
    bench.model.access_keys.remove("ak");
    bench.done("DeleteUser", &[("UserName", "alice")]);
    bench.done("DeleteGroup", &[("GroupName", "admins")]);
}

#[test]
fn lists_go_on_at_their_marker_until_nothing_is_left() {
    let mut bench = bench();
    for number in 0..5 {
        let name = format!("Role{number}");
        bench.done("CreateRole", &[("RoleName", &name), ("AssumeRolePolicyDocument", TRUST)]);
    }
    let (mut names, mut marker) = (Vec::new(), String::new());
    for is_truncated in [true, true, false] {
        let page = bench.done("ListRoles", &[("MaxItems", "2"), ("Marker", &marker)]);
        for role in page["Roles"]["Role"].as_array().unwrap() {
            assert!(role.get("AssumeRolePolicyDocument").is_none(), "{role}");
            names.push(role["RoleName"].as_str().unwrap().to_owned());
        }
        assert_eq!(
            (&page["IsTruncated"], page.get("Marker").is_some()),
            (&json!(is_truncated), is_truncated)
        );
        marker = page["Marker"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(names, ["Role0", "Role1", "Role2", "Role3", "Role4"]);
    bench.refused("ListRoles", &[("MaxItems", "0")], 400, "InvalidParameter.MaxItems");
    bench.refused("ListRoles", &[("MaxItems", "1001")], 400, "InvalidParameter.MaxItems");
    bench.refused("ListRoles", &[("Marker", "x")], 400, "InvalidParameter.Marker");
    let system = bench.done("ListPolicies", &[("PolicyType", "System"), ("MaxItems", "1000")]);
    let system = system["Policies"]["Policy"].as_array().unwrap();
    assert!(system.iter().any(|policy| policy["PolicyName"] == "AliyunKMSCryptoUserAccess"));
    let custom = bench.done("ListPolicies", &[("PolicyType", "Custom")]);
    assert_eq!(custom["Policies"]["Policy"], json!([]));
}

#[test]
fn tags_are_given_listed_searched_and_taken() {
    let mut bench = bench();
    let list = r#"[{"Key": "env", "Value": "test"}]"#;
    for (name, tag) in [("a", ("Tag", list)), ("b", ("Tag.1.Key", "env"))] {
        bench.done("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST), tag]);
    }
    let roles = |listed: &Value| {
        let roles = listed["Roles"]["Role"].as_array().unwrap().iter();
        roles.map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(roles(&bench.done("ListRoles", &[("Tag", list)])), ["a"]);
    assert_eq!(roles(&bench.done("ListRoles", &[("Tag", r#"[{"Key": "env"}]"#)])), ["a", "b"]);
    let on_both = [("ResourceType", "role"), ("ResourceNames", r#"["A", "b"]"#)];
    let [kind, names] = on_both;
    bench.done("TagResources", &[kind, names, ("Tag", r#"[{"Key": "team", "Value": "x"}]"#)]);
    let listed = bench.done("ListTagResources", &[kind, ("ResourceNames", r#"["a"]"#)]);
    let expected = json!([
        {"ResourceType": "role", "ResourceName": "a", "TagKey": "env", "TagValue": "test"},
        {"ResourceType": "role", "ResourceName": "a", "TagKey": "team", "TagValue": "x"}]);
    assert_eq!(listed["TagResources"], expected);
    bench.done("UntagResources", &[kind, names, ("TagKeys", r#"["env"]"#)]);
    let page = bench.done("ListTagResources", &[kind, ("PageSize", "1")]);
    assert_eq!(page["TagResources"][0]["TagKey"], "team");
    let rest = bench.done("ListTagResources", &[kind, ("NextToken", page["NextToken"].as_str().unwrap())]);
    assert_eq!(
        (rest["TagResources"][0]["ResourceName"].as_str(), &rest["NextToken"]),
        (Some("b"), &json!(""))
    );
    bench.done("UntagResources", &[kind, names, ("All", "true")]);
    assert_eq!(bench.done("ListTagResources", &[kind])["TagResources"], json!([]));
    let none = [kind, ("ResourceNames", r#"["c"]"#), ("Tag", list)];
    bench.refused("TagResources", &none, 404, "EntityNotExist.Role");
    bench.refused(
        "TagResources",
        &[("ResourceType", "x"), names, ("Tag", list)],
        400,
        "InvalidParameter.ResourceType",
    );
    let many: Vec<Value> = (0..21).map(|number| json!({"Key": format!("k{number}"), "Value": ""})).collect();
    let many = Value::from(many).to_string();
    bench.refused("TagResources", &[kind, names, ("Tag", &many)], 400, "InvalidParameter.Tag");
}

#[test]
fn a_group_gets_another_name_and_keeps_what_it_has() {
    let mut bench = bench();
    bench.done("CreateGroup", &[("GroupName", "Old"), ("Comments", "c")]);
    bench.done("CreateGroup", &[("GroupName", "other")]);
    bench.done("CreateUser", &[("UserName", "alice")]);
    bench.done("AddUserToGroup", &[("GroupName", "old"), ("UserName", "alice")]);
    bench.done("AttachPolicyToGroup", &on("GroupName", "old", KMS_READ));
    bench.now += 60;
    for (change, name, comments) in [
        (("NewComments", "d"), "Old", "d"),
        (("NewComments", ""), "Old", ""),
        (("NewGroupName", "OLD"), "OLD", ""),
        (("NewGroupName", "new"), "new", ""),
    ] {
        let from = if change == ("NewGroupName", "new") { "OLD" } else { "old" };
        let updated = &bench.done("UpdateGroup", &[("GroupName", from), change])["Group"];
        assert_eq!((&updated["GroupName"], &updated["Comments"]), (&json!(name), &json!(comments)));
        assert_eq!(updated["UpdateDate"], "2026-11-20T08:01:00Z");
    }
    bench.refused("GetGroup", &[("GroupName", "old")], 404, "EntityNotExist.Group");
    let taken = [("GroupName", "new"), ("NewGroupName", "Other")];
    bench.refused("UpdateGroup", &taken, 409, "EntityAlreadyExists.Group");
    let bad = [("GroupName", "new"), ("NewGroupName", "a_b")];
    bench.refused("UpdateGroup", &bad, 400, "InvalidParameter.NewGroupName.InvalidChars");
    let users = bench.done("ListUsersForGroup", &[("GroupName", "new")]);
    assert_eq!(users["Users"]["User"][0]["UserName"], "alice");
    let policies = bench.done("ListPoliciesForGroup", &[("GroupName", "new")]);
    assert_eq!(policies["Policies"]["Policy"][0]["PolicyName"], KMS_READ[1].1);
}

#[test]
fn users_and_the_account_have_two_access_keys_at_most() {
    let mut bench = bench();
    bench.done("CreateUser", &[("UserName", "Alice")]);
    let listed = |bench: &mut ServiceHarness<Directory>, whose: &[(&str, &str)]| {
        bench.done("ListAccessKeys", whose)["AccessKeys"]["AccessKey"].clone()
    };
    for whose in [&[("UserName", "alice")][..], &[]] {
        let created = bench.done("CreateAccessKey", whose)["AccessKey"].clone();
        assert_eq!(
            (&created["Status"], &created["CreateDate"]),
            (&json!("Active"), &json!("2026-11-20T08:00:00Z"))
        );
        let secret = created["AccessKeySecret"].as_str().unwrap();
        assert_eq!(secret.len(), 30);
        let id = ("UserAccessKeyId", created["AccessKeyId"].as_str().unwrap());
        let of = [whose, &[id]].concat();
        for status in ["Inactive", "Active"] {
            bench.done("UpdateAccessKey", &[&of[..], &[("Status", status)]].concat());
            let expected =
                json!([{"AccessKeyId": id.1, "Status": status, "CreateDate": "2026-11-20T08:00:00Z"}]);
            assert_eq!(listed(&mut bench, whose), expected);
        }
        bench.refused(
            "UpdateAccessKey",
            &[&of[..], &[("Status", "Off")]].concat(),
            400,
            "InvalidParameter.Status",
        );
        bench.done("CreateAccessKey", whose);
        bench.refused("CreateAccessKey", whose, 409, "LimitExceeded.User.AccessKey");
        bench.done("DeleteAccessKey", &of);
        bench.refused("DeleteAccessKey", &of, 404, "EntityNotExist.User.AccessKey");
        assert_eq!(listed(&mut bench, whose).as_array().unwrap().len(), 1);
    }
    // A key of the account is not one of the user.
    let own = listed(&mut bench, &[])[0]["AccessKeyId"].as_str().unwrap().to_owned();
    let of = [("UserName", "alice"), ("UserAccessKeyId", own.as_str())];
    bench.refused("DeleteAccessKey", &of, 404, "EntityNotExist.User.AccessKey");
    bench.refused("ListAccessKeys", &[("UserName", "none")], 404, "EntityNotExist.User");
    bench.refused("DeleteUser", &[("UserName", "alice")], 409, "DeleteConflict.User.AccessKey");
}

#[test]
fn an_update_of_a_user_changes_what_it_names_and_clears_what_is_empty() {
    let mut bench = bench();
    bench.done("CreateUser", &[("UserName", "alice")]);
    let members = ["DisplayName", "Email", "MobilePhone", "Comments"];
    let shown = |bench: &mut ServiceHarness<Directory>| {
        let user = bench.done("GetUser", &[("UserName", "alice")])["User"].clone();
        members.map(|member| user[member].as_str().unwrap().to_owned())
    };
    assert_eq!(shown(&mut bench), ["", "", "", ""], "a user has no display name unless one is given");
    for (number, member) in members.into_iter().enumerate() {
        let parameter = format!("New{member}");
        bench.now += 1;
        let change = [("UserName", "ALICE"), (parameter.as_str(), "a value")];
        assert_eq!(bench.done("UpdateUser", &change)["User"][member], "a value");
        let shown_now = shown(&mut bench);
        assert_eq!(shown_now.iter().filter(|value| *value == "a value").count(), number + 1);
    }
    for member in members {
        let parameter = format!("New{member}");
        bench.done("UpdateUser", &[("UserName", "alice"), (parameter.as_str(), "")]);
    }
    assert_eq!(shown(&mut bench), ["", "", "", ""]);
    assert_eq!(bench.done("GetUser", &[("UserName", "alice")])["User"]["UpdateDate"], "2026-11-20T08:00:04Z");
    for (name, value, code) in [
        ("NewUserName", "a b", "InvalidParameter.NewUserName.InvalidChars"),
        ("NewUserName", &"a".repeat(65), "InvalidParameter.NewUserName.Length"),
        ("NewDisplayName", &"a".repeat(129), "InvalidParameter.NewDisplayName.Length"),
    ] {
        bench.refused("UpdateUser", &[("UserName", "alice"), (name, value)], 400, code);
    }
    let long = "a".repeat(129);
    for member in members {
        let code = format!("InvalidParameter.{member}.Length");
        bench.refused("CreateUser", &[("UserName", "bob"), (member, &long)], 400, &code);
    }
    bench.refused("UpdateUser", &[("UserName", "none")], 404, "EntityNotExist.User");
    bench.refused("UpdateUser", &[], 400, "MissingParameter");
}

#[test]
fn a_user_of_another_name_keeps_what_they_have() {
    let mut bench = bench();
    for name in ["Alice", "bob"] {
        bench.done("CreateUser", &[("UserName", name)]);
    }
    let before = bench.done("GetUser", &[("UserName", "alice")])["User"]["UserId"].clone();
    bench.done("CreateGroup", &[("GroupName", "admins")]);
    bench.done("AddUserToGroup", &[("UserName", "alice"), ("GroupName", "admins")]);
    bench.done("AttachPolicyToUser", &on("UserName", "alice", KMS_READ));
    let key = bench.done("CreateAccessKey", &[("UserName", "alice")])["AccessKey"]["AccessKeyId"].clone();
    let taken = [("UserName", "alice"), ("NewUserName", "BOB")];
    bench.refused("UpdateUser", &taken, 409, "EntityAlreadyExists.User");
    for (from, to) in [("alice", "Carol"), ("carol", "CAROL")] {
        let renamed = bench.done("UpdateUser", &[("UserName", from), ("NewUserName", to)]);
        assert_eq!((&renamed["User"]["UserName"], &renamed["User"]["UserId"]), (&json!(to), &before));
        let of = [("UserName", to)];
        assert_eq!(bench.done("ListGroupsForUser", &of)["Groups"]["Group"][0]["GroupName"], "admins");
        let members = bench.done("ListUsersForGroup", &[("GroupName", "admins")]);
        assert_eq!(members["Users"]["User"], json!([{"UserName": to, "DisplayName": ""}]));
        let policies = bench.done("ListPoliciesForUser", &of);
        assert_eq!(policies["Policies"]["Policy"][0]["PolicyName"], "AliyunKMSReadOnlyAccess");
        assert_eq!(bench.done("ListAccessKeys", &of)["AccessKeys"]["AccessKey"][0]["AccessKeyId"], key);
        let who = &bench.model.access_keys.get(key.as_str().unwrap()).unwrap().principal;
        assert_eq!(who.arn(), format!("acs:ram::{ACCOUNT}:user/{to}"));
    }
    bench.refused("GetUser", &[("UserName", "alice")], 404, "EntityNotExist.User");
    bench.refused("DeleteUser", &[("UserName", "carol")], 409, "DeleteConflict.User.Group");
}

#[test]
fn a_login_profile_has_two_switches_and_keeps_a_user_from_being_deleted() {
    let mut bench = bench();
    bench.done("CreateUser", &[("UserName", "Alice")]);
    let of = ("UserName", "alice");
    let gone = "EntityNotExist.User.LoginProfile";
    for action in ["GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"] {
        bench.refused(action, &[of], 404, gone);
        bench.refused(action, &[("UserName", "none")], 404, "EntityNotExist.User");
    }
    bench.refused("CreateLoginProfile", &[of], 400, "MissingParameter");
    let created = bench.done("CreateLoginProfile", &[of, ("Password", "YourPassword123!")]);
    let profile = json!({"UserName": "Alice", "PasswordResetRequired": false, "MFABindRequired": false,
        "CreateDate": "2026-11-20T08:00:00Z"});
    assert_eq!(created["LoginProfile"], profile);
    bench.refused(
        "CreateLoginProfile",
        &[of, ("Password", "x")],
        409,
        "EntityAlreadyExists.User.LoginProfile",
    );
    bench.refused("DeleteUser", &[of], 409, "DeleteConflict.User.LoginProfile");
    for (name, value, reset, mfa) in [
        ("PasswordResetRequired", "true", true, false),
        ("MFABindRequired", "true", true, true),
        ("PasswordResetRequired", "false", false, true),
    ] {
        bench.done("UpdateLoginProfile", &[of, ("Password", "other"), (name, value)]);
        let profile = bench.done("GetLoginProfile", &[of])["LoginProfile"].clone();
        assert_eq!(
            (&profile["PasswordResetRequired"], &profile["MFABindRequired"]),
            (&json!(reset), &json!(mfa))
        );
    }
    let bad = [of, ("MFABindRequired", "perhaps")];
    bench.refused("UpdateLoginProfile", &bad, 400, "InvalidParameter.MFABindRequired");
    bench.refused("UnbindMFADevice", &[of], 404, "EntityNotExist.User.MFADevice");
    bench.done("DeleteLoginProfile", &[of]);
    bench.done("DeleteUser", &[of]);
}

#[test]
fn the_account_has_an_alias_while_one_is_set() {
    let mut bench = bench();
    bench.refused("GetAccountAlias", &[], 404, "EntityNotExist.Alias");
    bench.refused("ClearAccountAlias", &[], 404, "EntityNotExist.Alias");
    for alias in ["a", "tf-testacc-1", "1511928242963727forcreate", &"a".repeat(50)] {
        bench.done("SetAccountAlias", &[("AccountAlias", alias)]);
        assert_eq!(bench.done("GetAccountAlias", &[])["AccountAlias"], alias);
    }
    for (alias, code) in [
        ("", "MissingParameter"),
        ("Upper", "InvalidParameter.AccountAlias.InvalidChars"),
        ("a_b", "InvalidParameter.AccountAlias.InvalidChars"),
        ("-a", "InvalidParameter.AccountAlias.InvalidChars"),
        ("a-", "InvalidParameter.AccountAlias.InvalidChars"),
        ("a--b", "InvalidParameter.AccountAlias.InvalidChars"),
        (&"a".repeat(51), "InvalidParameter.AccountAlias.Length"),
    ] {
        bench.refused("SetAccountAlias", &[("AccountAlias", alias)], 400, code);
    }
    bench.done("ClearAccountAlias", &[]);
    bench.refused("GetAccountAlias", &[], 404, "EntityNotExist.Alias");
}

#[test]
fn any_policy_of_the_clouds_can_be_attached_and_is_listed() {
    let mut bench = with_role("byok");
    for name in
        ["AliyunECSFullAccess", "AliyunRDSGADReadOnlyAccess", "AliyunGlobalAccelerationReadOnlyAccess"]
    {
        let policy = [("PolicyType", "System"), ("PolicyName", name)];
        bench.done("AttachPolicyToRole", &on("RoleName", "byok", policy));
        let got = bench.done("GetPolicy", &policy);
        assert_eq!(got["Policy"]["AttachmentCount"], 1);
        assert!(got["DefaultPolicyVersion"]["PolicyDocument"].as_str().unwrap().contains("\"Statement\""));
    }
    let (mut listed, mut marker) = (Vec::<Value>::new(), Some(String::new()));
    for _ in 0..20 {
        let Some(from) = marker.take() else { break };
        let page = [("PolicyType", "System"), ("MaxItems", "50"), ("Marker", from.as_str())];
        let page = bench.done("ListPolicies", &page);
        listed.extend(page["Policies"]["Policy"].as_array().unwrap().clone());
        marker = page["Marker"].as_str().map(str::to_owned);
    }
    assert_eq!(marker, None, "it is listed to the end");
    let named = |name: &str| listed.iter().filter(|policy| policy["PolicyName"] == name).count();
    assert_eq!((named("AdministratorAccess"), named("AliyunECSFullAccess")), (1, 1));
    let attached = listed.iter().filter(|policy| policy["AttachmentCount"] == 1).count();
    assert_eq!(attached, 3);
    let misspelt = [("PolicyType", "System"), ("PolicyName", "AliyunKMSCryptUserAccess")];
    bench.refused("AttachPolicyToRole", &on("RoleName", "byok", misspelt), 404, "EntityNotExist.Policy");
}
