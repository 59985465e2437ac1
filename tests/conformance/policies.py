"""Custom policies and their versions, by both SDKs of RAM."""

import json

from clients import ALICE, CoreClient, log_client, ram_client
from given import allow, allowing, make_role
from refusals import refused


def life_cycle_with_newer_sdk():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    document = allowing("log:Get*")
    policy = client.create_policy(
        models.CreatePolicyRequest(policy_name="readers", policy_document=document, description="of logs")
    ).body.policy
    assert (policy.policy_type, policy.default_version) == ("Custom", "v1")
    with refused("EntityAlreadyExists.Policy", 409):
        client.create_policy(models.CreatePolicyRequest(policy_name="readers", policy_document=document))

    got = client.get_policy(models.GetPolicyRequest(policy_type="Custom", policy_name="readers")).body
    assert (got.policy.description, got.policy.attachment_count) == ("of logs", 0)
    assert got.default_policy_version.policy_document == document

    version = client.create_policy_version(
        models.CreatePolicyVersionRequest(
            policy_name="readers", policy_document=allowing("log:List*"), set_as_default=True
        )
    ).body.policy_version
    assert (version.version_id, version.is_default_version) == ("v2", True)
    got = client.get_policy(models.GetPolicyRequest(policy_type="Custom", policy_name="readers")).body
    assert got.default_policy_version.policy_document == allowing("log:List*")
    listed = client.list_policy_versions(
        models.ListPolicyVersionsRequest(policy_type="Custom", policy_name="readers")
    ).body.policy_versions.policy_version
    assert sorted(version.version_id for version in listed) == ["v1", "v2"]

    client.set_default_policy_version(
        models.SetDefaultPolicyVersionRequest(policy_name="readers", version_id="v1")
    )
    request = models.GetPolicyVersionRequest(policy_type="Custom", policy_name="readers", version_id="v1")
    version = client.get_policy_version(request).body.policy_version
    assert (version.is_default_version, version.policy_document) == (True, document)
    client.set_default_policy_version(
        models.SetDefaultPolicyVersionRequest(policy_name="readers", version_id="v2")
    )
    client.update_policy_description(
        models.UpdatePolicyDescriptionRequest(policy_name="readers", new_description="of few logs")
    )
    got = client.get_policy(models.GetPolicyRequest(policy_type="Custom", policy_name="readers")).body
    assert (got.policy.description, got.policy.default_version) == ("of few logs", "v2")

    with refused("DeleteConflict.Policy.Version.Default", 409):
        client.delete_policy_version(models.DeletePolicyVersionRequest(policy_name="readers", version_id="v2"))
    with refused("DeleteConflict.Policy.Version", 409):
        client.delete_policy(models.DeletePolicyRequest(policy_name="readers"))
    client.delete_policy_version(models.DeletePolicyVersionRequest(policy_name="readers", version_id="v1"))
    client.delete_policy(models.DeletePolicyRequest(policy_name="readers"))
    with refused("EntityNotExist.Policy", 404):
        client.get_policy(models.GetPolicyRequest(policy_type="Custom", policy_name="readers"))


def life_cycle_with_core_sdk():
    from aliyunsdkram.request.v20150501.CreatePolicyRequest import CreatePolicyRequest
    from aliyunsdkram.request.v20150501.DeletePolicyRequest import DeletePolicyRequest
    from aliyunsdkram.request.v20150501.GetPolicyRequest import GetPolicyRequest
    from aliyunsdkram.request.v20150501.ListPoliciesRequest import ListPoliciesRequest

    client = CoreClient()
    document = allowing("log:Get*")
    created = client.call(CreatePolicyRequest(), PolicyName="readers", PolicyDocument=document)
    assert created["Policy"]["DefaultVersion"] == "v1"
    got = client.call(GetPolicyRequest(), PolicyName="readers", PolicyType="Custom")
    assert got["DefaultPolicyVersion"]["PolicyDocument"] == document
    custom = client.call(ListPoliciesRequest(), PolicyType="Custom")["Policies"]["Policy"]
    assert [policy["PolicyName"] for policy in custom] == ["readers"]
    with refused("MalformedPolicyDocument", 400):
        client.call(CreatePolicyRequest(), PolicyName="broken", PolicyDocument="{")
    client.call(DeletePolicyRequest(), PolicyName="readers")
    with refused("EntityNotExist.Policy", 404):
        client.call(DeletePolicyRequest(), PolicyName="readers")


def a_policy_in_use_cannot_be_deleted():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    make_role("SlsByok", policies=())
    document = allowing("log:Get*")
    client.create_policy(models.CreatePolicyRequest(policy_name="readers", policy_document=document))
    reference = {"policy_type": "Custom", "policy_name": "readers"}

    client.attach_policy_to_role(models.AttachPolicyToRoleRequest(role_name="SlsByok", **reference))
    with refused("DeleteConflict.Policy.Role", 409):
        client.delete_policy(models.DeletePolicyRequest(policy_name="readers"))
    client.detach_policy_from_role(models.DetachPolicyFromRoleRequest(role_name="SlsByok", **reference))

    client.attach_policy_to_user(models.AttachPolicyToUserRequest(user_name="alice", **reference))
    with refused("DeleteConflict.Policy.User", 409):
        client.delete_policy(models.DeletePolicyRequest(policy_name="readers"))
    with refused("EntityAlreadyExists.User.Policy", 409):
        client.attach_policy_to_user(models.AttachPolicyToUserRequest(user_name="alice", **reference))
    client.detach_policy_from_user(models.DetachPolicyFromUserRequest(user_name="alice", **reference))
    client.delete_policy(models.DeletePolicyRequest(policy_name="readers"))


def at_most_five_versions():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    document = allowing("log:Get*")
    client.create_policy(models.CreatePolicyRequest(policy_name="readers", policy_document=document))

    def new_version(**more):
        request = models.CreatePolicyVersionRequest(policy_name="readers", policy_document=document, **more)
        return client.create_policy_version(request).body.policy_version.version_id

    assert [new_version() for _ in range(4)] == ["v2", "v3", "v4", "v5"]
    with refused("LimitExceeded.Policy.Version", 409):
        new_version()
    # v1 is the default one: the oldest other one goes.
    assert new_version(rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded") == "v6"
    with refused("EntityNotExist.Policy.Version", 404):
        client.get_policy_version(
            models.GetPolicyVersionRequest(policy_type="Custom", policy_name="readers", version_id="v2")
        )


def the_default_version_decides_and_a_deny_wins():
    from alibabacloud_ram20150501 import models

    log_client().create_project("audit-project", "")
    ram, alice = ram_client(), log_client(ALICE)
    with refused("Unauthorized", 401):
        alice.get_project("audit-project")

    allow("alice", "readers", allowing("log:List*"))
    with refused("Unauthorized", 401):
        alice.get_project("audit-project")
    ram.create_policy_version(
        models.CreatePolicyVersionRequest(
            policy_name="readers", policy_document=allowing("log:Get*"), set_as_default=True
        )
    )
    alice.get_project("audit-project")
    with refused("Unauthorized", 401):
        alice.list_logstore("audit-project")

    deny = {"Effect": "Deny", "Action": "log:GetProject", "Resource": "acs:log:*:*:project/audit-*"}
    allow("alice", "not-audit", json.dumps({"Version": "1", "Statement": [deny]}))
    with refused("Unauthorized", 401):
        alice.get_project("audit-project")
