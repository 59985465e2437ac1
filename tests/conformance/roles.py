"""Roles and what is attached to them, by both SDKs of RAM."""

import json

from clients import ACCOUNT, CoreClient, ram_client
from refusals import refused

TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]}}
        ],
    }
)


def life_cycle_with_newer_sdk():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    created = client.create_role(
        models.CreateRoleRequest(
            role_name="SlsByok", assume_role_policy_document=TRUST, description="a + b *~ 日志"
        )
    ).body.role
    assert created.arn == f"acs:ram::{ACCOUNT}:role/slsbyok"
    role = client.get_role(models.GetRoleRequest(role_name="SlsByok")).body.role
    assert (role.role_id, role.role_name, role.arn) == (created.role_id, "SlsByok", created.arn)
    assert role.description == "a + b *~ 日志"
    assert role.max_session_duration == 3600
    # As it was sent, blanks included.
    assert role.assume_role_policy_document == TRUST
    assert client.get_role(models.GetRoleRequest(role_name="slsbyok")).body.role.role_name == "SlsByok"

    client.update_role(
        models.UpdateRoleRequest(role_name="SlsByok", new_description="new", new_max_session_duration=7200)
    )
    role = client.get_role(models.GetRoleRequest(role_name="SlsByok")).body.role
    assert (role.description, role.max_session_duration) == ("new", 7200)
    assert role.assume_role_policy_document == TRUST
    with refused("EntityAlreadyExists.Role", 409):
        client.create_role(models.CreateRoleRequest(role_name="slsBYOK", assume_role_policy_document=TRUST))

    client.create_role(models.CreateRoleRequest(role_name="other", assume_role_policy_document=TRUST))
    first = client.list_roles(models.ListRolesRequest(max_items=1)).body
    assert first.is_truncated is True
    second = client.list_roles(models.ListRolesRequest(max_items=1, marker=first.marker)).body
    assert second.is_truncated is False
    names = [role.role_name for page in [first, second] for role in page.roles.role]
    assert sorted(names) == ["SlsByok", "other"]

    client.delete_role(models.DeleteRoleRequest(role_name="SlsByok"))
    with refused("EntityNotExist.Role", 404):
        client.get_role(models.GetRoleRequest(role_name="SlsByok"))
    with refused("EntityNotExist.Role", 404):
        client.delete_role(models.DeleteRoleRequest(role_name="SlsByok"))


def life_cycle_with_core_sdk():
    from aliyunsdkram.request.v20150501.CreateRoleRequest import CreateRoleRequest
    from aliyunsdkram.request.v20150501.DeleteRoleRequest import DeleteRoleRequest
    from aliyunsdkram.request.v20150501.GetRoleRequest import GetRoleRequest
    from aliyunsdkram.request.v20150501.ListRolesRequest import ListRolesRequest
    from aliyunsdkram.request.v20150501.UpdateRoleRequest import UpdateRoleRequest

    client = CoreClient()
    created = client.call(
        CreateRoleRequest(), RoleName="SlsByok", AssumeRolePolicyDocument=TRUST, Description="a + b *~ 日志"
    )
    assert created["Role"]["Arn"] == f"acs:ram::{ACCOUNT}:role/slsbyok"
    role = client.call(GetRoleRequest(), RoleName="SlsByok")["Role"]
    assert role["Description"] == "a + b *~ 日志"
    assert role["AssumeRolePolicyDocument"] == TRUST
    client.call(UpdateRoleRequest(), RoleName="SlsByok", NewMaxSessionDuration=7200)
    role = client.call(GetRoleRequest(), RoleName="SlsByok")["Role"]
    assert (role["MaxSessionDuration"], role["Description"]) == (7200, "a + b *~ 日志")
    with refused("EntityAlreadyExists.Role", 409):
        client.call(CreateRoleRequest(), RoleName="SlsByok", AssumeRolePolicyDocument=TRUST)
    roles = client.call(ListRolesRequest(), MaxItems=10)["Roles"]["Role"]
    assert [role["RoleName"] for role in roles] == ["SlsByok"]
    client.call(DeleteRoleRequest(), RoleName="SlsByok")
    with refused("EntityNotExist.Role", 404):
        client.call(GetRoleRequest(), RoleName="SlsByok")


def attachments():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    client.create_role(models.CreateRoleRequest(role_name="SlsByok", assume_role_policy_document=TRUST))

    def attach(policy):
        client.attach_policy_to_role(
            models.AttachPolicyToRoleRequest(policy_type="System", policy_name=policy, role_name="SlsByok")
        )

    def detach(policy):
        client.detach_policy_from_role(
            models.DetachPolicyFromRoleRequest(policy_type="System", policy_name=policy, role_name="SlsByok")
        )

    attach("AliyunKMSReadOnlyAccess")
    attach("AliyunKMSCryptoUserAccess")
    for policy in ["AliyunKMSReadOnlyAccess", "aliyunkmsreadonlyaccess"]:
        with refused("EntityAlreadyExists.Role.Policy", 409):
            attach(policy)
    with refused("EntityNotExist.Policy", 404):
        attach("AliyunNoSuchAccess")

    listed = client.list_policies_for_role(models.ListPoliciesForRoleRequest(role_name="SlsByok")).body
    names = sorted(policy.policy_name for policy in listed.policies.policy)
    assert names == ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"]
    entities = client.list_entities_for_policy(
        models.ListEntitiesForPolicyRequest(policy_type="System", policy_name="AliyunKMSReadOnlyAccess")
    ).body
    assert [role.role_name for role in entities.roles.role] == ["SlsByok"]

    with refused("DeleteConflict.Role.Policy", 409):
        client.delete_role(models.DeleteRoleRequest(role_name="SlsByok"))
    detach("AliyunKMSReadOnlyAccess")
    detach("AliyunKMSCryptoUserAccess")
    with refused("EntityNotExist.Role.Policy", 404):
        detach("AliyunKMSReadOnlyAccess")
    client.delete_role(models.DeleteRoleRequest(role_name="SlsByok"))


def bad_parameters_are_refused():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    for name, code in [("a b", "InvalidChars"), ("x" * 65, "Length")]:
        with refused("InvalidParameter.RoleName." + code, 400):
            client.create_role(models.CreateRoleRequest(role_name=name, assume_role_policy_document=TRUST))
    for document in ["{", "{}", '{"Version": "2", "Statement": []}']:
        with refused("MalformedPolicyDocument", 400):
            client.create_role(models.CreateRoleRequest(role_name="r", assume_role_policy_document=document))
    with refused("MissingParameter", 400):
        client.create_role(models.CreateRoleRequest(role_name="r"))
