"""Users, groups, and what members of a group may do, by both SDKs of RAM."""

from clients import ALICE, CoreClient, log_client, ram_client
from refusals import refused


def life_cycle_with_newer_sdk():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    user = client.create_user(
        models.CreateUserRequest(user_name="bob", display_name="Bob", comments="of the auditors")
    ).body.user
    assert user.user_id.isdigit()
    with refused("EntityAlreadyExists.User", 409):
        client.create_user(models.CreateUserRequest(user_name="bob"))
    user = client.get_user(models.GetUserRequest(user_name="bob")).body.user
    assert (user.display_name, user.comments) == ("Bob", "of the auditors")

    client.create_group(models.CreateGroupRequest(group_name="auditors", comments="who read"))
    with refused("EntityAlreadyExists.Group", 409):
        client.create_group(models.CreateGroupRequest(group_name="auditors"))
    membership = {"user_name": "bob", "group_name": "auditors"}
    client.add_user_to_group(models.AddUserToGroupRequest(**membership))
    with refused("EntityAlreadyExists.User.Group", 409):
        client.add_user_to_group(models.AddUserToGroupRequest(**membership))
    groups = client.list_groups_for_user(models.ListGroupsForUserRequest(user_name="bob")).body
    assert [group.group_name for group in groups.groups.group] == ["auditors"]
    users = client.list_users_for_group(models.ListUsersForGroupRequest(group_name="auditors")).body
    assert [user.user_name for user in users.users.user] == ["bob"]

    with refused("DeleteConflict.User.Group", 409):
        client.delete_user(models.DeleteUserRequest(user_name="bob"))
    with refused("DeleteConflict.Group.User", 409):
        client.delete_group(models.DeleteGroupRequest(group_name="auditors"))
    client.remove_user_from_group(models.RemoveUserFromGroupRequest(**membership))
    client.delete_group(models.DeleteGroupRequest(group_name="auditors"))
    client.delete_user(models.DeleteUserRequest(user_name="bob"))
    with refused("EntityNotExist.User", 404):
        client.get_user(models.GetUserRequest(user_name="bob"))
    with refused("EntityNotExist.Group", 404):
        client.get_group(models.GetGroupRequest(group_name="auditors"))


def life_cycle_with_core_sdk():
    from aliyunsdkram.request.v20150501.CreateUserRequest import CreateUserRequest
    from aliyunsdkram.request.v20150501.DeleteUserRequest import DeleteUserRequest
    from aliyunsdkram.request.v20150501.GetUserRequest import GetUserRequest
    from aliyunsdkram.request.v20150501.ListUsersRequest import ListUsersRequest

    client = CoreClient()
    client.call(CreateUserRequest(), UserName="bob", DisplayName="Bob")
    assert client.call(GetUserRequest(), UserName="bob")["User"]["DisplayName"] == "Bob"
    users = client.call(ListUsersRequest())["Users"]["User"]
    assert sorted(user["UserName"] for user in users) == ["alice", "bob"]
    client.call(DeleteUserRequest(), UserName="bob")
    with refused("EntityNotExist.User", 404):
        client.call(DeleteUserRequest(), UserName="bob")
    # She has an access key, in the seed.
    with refused("DeleteConflict.User.AccessKey", 409):
        client.call(DeleteUserRequest(), UserName="alice")


def a_group_gives_its_members_what_it_has():
    from alibabacloud_ram20150501 import models

    log_client().create_project("audit-project", "")
    ram, alice = ram_client(), log_client(ALICE)
    ram.create_group(models.CreateGroupRequest(group_name="auditors"))
    ram.attach_policy_to_group(
        models.AttachPolicyToGroupRequest(
            policy_type="System", policy_name="AliyunLogReadOnlyAccess", group_name="auditors"
        )
    )
    with refused("Unauthorized", 401):
        alice.get_project("audit-project")
    membership = {"user_name": "alice", "group_name": "auditors"}
    ram.add_user_to_group(models.AddUserToGroupRequest(**membership))
    alice.get_project("audit-project")
    with refused("Unauthorized", 401):
        alice.create_logstore("audit-project", "app-log")
    ram.remove_user_from_group(models.RemoveUserFromGroupRequest(**membership))
    with refused("Unauthorized", 401):
        alice.get_project("audit-project")


def users_may_do_in_ram_what_they_are_allowed():
    from alibabacloud_ram20150501 import models

    root, alice = ram_client(), ram_client(ALICE)
    with refused("NoPermission", 403):
        alice.list_users(models.ListUsersRequest())
    root.attach_policy_to_user(
        models.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunRAMReadOnlyAccess", user_name="alice"
        )
    )
    assert len(alice.list_users(models.ListUsersRequest()).body.users.user) == 1
    with refused("NoPermission", 403):
        alice.create_user(models.CreateUserRequest(user_name="bob"))


def policies_of_users_and_groups():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    client.create_group(models.CreateGroupRequest(group_name="auditors"))
    listed = client.list_groups(models.ListGroupsRequest()).body.groups.group
    assert [group.group_name for group in listed] == ["auditors"]
    reference = {"policy_type": "System", "policy_name": "AliyunLogReadOnlyAccess"}
    client.attach_policy_to_user(models.AttachPolicyToUserRequest(user_name="alice", **reference))
    client.attach_policy_to_group(models.AttachPolicyToGroupRequest(group_name="auditors", **reference))
    with refused("EntityAlreadyExists.Group.Policy", 409):
        client.attach_policy_to_group(models.AttachPolicyToGroupRequest(group_name="auditors", **reference))

    def of_user():
        listed = client.list_policies_for_user(models.ListPoliciesForUserRequest(user_name="alice")).body
        return [policy.policy_name for policy in listed.policies.policy]

    def of_group():
        request = models.ListPoliciesForGroupRequest(group_name="auditors")
        return [policy.policy_name for policy in client.list_policies_for_group(request).body.policies.policy]

    assert of_user() == of_group() == ["AliyunLogReadOnlyAccess"]
    entities = client.list_entities_for_policy(models.ListEntitiesForPolicyRequest(**reference)).body
    assert [user.user_name for user in entities.users.user] == ["alice"]
    assert [group.group_name for group in entities.groups.group] == ["auditors"]

    client.detach_policy_from_user(models.DetachPolicyFromUserRequest(user_name="alice", **reference))
    client.detach_policy_from_group(models.DetachPolicyFromGroupRequest(group_name="auditors", **reference))
    assert of_user() == of_group() == []
    with refused("EntityNotExist.User.Policy", 404):
        client.detach_policy_from_user(models.DetachPolicyFromUserRequest(user_name="alice", **reference))
    with refused("EntityNotExist.Group.Policy", 404):
        client.detach_policy_from_group(models.DetachPolicyFromGroupRequest(group_name="auditors", **reference))
