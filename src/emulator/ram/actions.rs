//! The actions of the service.

use super::{
    access_key, account_alias, attachment, group, login_profile, permission, policy, policy_version, role,
    tag, user,
};
use crate::identity::{Directory, PolicyTargetKind};
use crate::rpc::{Action, Api, ArnOf, Outcome, Request, Resource, Run, Service};

/// The service. Users' calls are allowed or refused by the resource in each line.
pub const SERVICE: Service<Directory> = Service {
    api: Api::Ram,
    actions: &ACTIONS,
    forbidden: (403, "NoPermission", "You are not authorized to do this action."),
    throttled: (400, "Throttling.User", "Request was denied due to user flow control."),
};

const ACTIONS: [Action<Directory>; 54] = [
    write("CreateRole", permission::role, role::create),
    read("GetRole", permission::role, role::get),
    write("UpdateRole", permission::role, role::update),
    write("DeleteRole", permission::role, role::delete),
    read("ListRoles", permission::every_role, role::list),
    write("CreatePolicy", permission::policy, policy::create),
    read("GetPolicy", permission::policy, policy::get),
    write("DeletePolicy", permission::policy, policy::delete),
    read("ListPolicies", permission::every_policy, policy::list),
    write("UpdatePolicyDescription", permission::policy, policy::update_description),
    read("ListEntitiesForPolicy", permission::policy, attachment::entities_for_policy),
    write("CreatePolicyVersion", permission::policy, policy_version::create),
    read("GetPolicyVersion", permission::policy, policy_version::get),
    write("SetDefaultPolicyVersion", permission::policy, policy_version::set_default),
    write("DeletePolicyVersion", permission::policy, policy_version::delete),
    read("ListPolicyVersions", permission::policy, policy_version::list),
    write_both("AttachPolicyToRole", [permission::role, permission::policy], |d, r| {
        attachment::attach(d, r, PolicyTargetKind::Role)
    }),
    write_both("AttachPolicyToUser", [permission::user, permission::policy], |d, r| {
        attachment::attach(d, r, PolicyTargetKind::User)
    }),
    write_both("AttachPolicyToGroup", [permission::group, permission::policy], |d, r| {
        attachment::attach(d, r, PolicyTargetKind::Group)
    }),
    write_both("DetachPolicyFromRole", [permission::role, permission::policy], |d, r| {
        attachment::detach(d, r, PolicyTargetKind::Role)
    }),
    write_both("DetachPolicyFromUser", [permission::user, permission::policy], |d, r| {
        attachment::detach(d, r, PolicyTargetKind::User)
    }),
    write_both("DetachPolicyFromGroup", [permission::group, permission::policy], |d, r| {
        attachment::detach(d, r, PolicyTargetKind::Group)
    }),
    read("ListPoliciesForRole", permission::role, |d, r| {
        attachment::policies_for(d, r, PolicyTargetKind::Role)
    }),
    read("ListPoliciesForUser", permission::user, |d, r| {
        attachment::policies_for(d, r, PolicyTargetKind::User)
    }),
    read("ListPoliciesForGroup", permission::group, |d, r| {
        attachment::policies_for(d, r, PolicyTargetKind::Group)
    }),
    write("CreateUser", permission::user, user::create),
    read("GetUser", permission::user, user::get),
    write("UpdateUser", permission::user, user::update),
    write("DeleteUser", permission::user, user::delete),
    read("ListUsers", permission::every_user, user::list),
    write("CreateLoginProfile", permission::user, login_profile::create),
    read("GetLoginProfile", permission::user, login_profile::get),
    write("UpdateLoginProfile", permission::user, login_profile::update),
    write("DeleteLoginProfile", permission::user, login_profile::delete),
    write("UnbindMFADevice", permission::user, login_profile::unbind_mfa_device),
    write("SetAccountAlias", permission::account, account_alias::set),
    read("GetAccountAlias", permission::account, account_alias::get),
    write("ClearAccountAlias", permission::account, account_alias::clear),
    write("CreateAccessKey", permission::user_of_key, access_key::create),
    read("ListAccessKeys", permission::user_of_key, access_key::list),
    write("UpdateAccessKey", permission::user_of_key, access_key::update),
    write("DeleteAccessKey", permission::user_of_key, access_key::delete),
    write("CreateGroup", permission::group, group::create),
    read("GetGroup", permission::group, group::get),
    write("UpdateGroup", permission::group, group::update),
    write("DeleteGroup", permission::group, group::delete),
    read("ListGroups", permission::every_group, group::list),
    write_both("AddUserToGroup", [permission::group, permission::user], group::add_user),
    write_both("RemoveUserFromGroup", [permission::group, permission::user], group::remove_user),
    read("ListGroupsForUser", permission::user, group::list_for_user),
    read("ListUsersForGroup", permission::group, group::users_of),
    write("TagResources", permission::all, tag::add),
    write("UntagResources", permission::all, tag::remove),
    read("ListTagResources", permission::all, tag::list),
];

const fn read(
    name: &'static str,
    arn: ArnOf<Directory>,
    run: fn(&Directory, &Request<'_>) -> Outcome,
) -> Action<Directory> {
    Action { name, resource: Resource::Arn(arn), run: Run::Read(run) }
}

const fn write(
    name: &'static str,
    arn: ArnOf<Directory>,
    run: fn(&mut Directory, &Request<'_>) -> Outcome,
) -> Action<Directory> {
    Action { name, resource: Resource::Arn(arn), run: Run::Write(run) }
}

const fn write_both(
    name: &'static str,
    [one, other]: [ArnOf<Directory>; 2],
    run: fn(&mut Directory, &Request<'_>) -> Outcome,
) -> Action<Directory> {
    Action { name, resource: Resource::Both(one, other), run: Run::Write(run) }
}
