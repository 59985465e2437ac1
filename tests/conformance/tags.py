"""Tags of roles and policies, by both SDKs of RAM."""

import json

from clients import CoreClient, ram_client
from given import allowing, make_role
from refusals import refused


def with_newer_sdk():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    make_role("SlsByok", policies=())
    make_role("other", policies=())
    tag = models.TagResourcesRequestTag
    client.tag_resources(
        models.TagResourcesRequest(
            resource_type="role",
            resource_names=["SlsByok", "other"],
            tag=[tag(key="team", value="audit + *~ 日志"), tag(key="empty", value="")],
        )
    )

    def tags_of(*names):
        listed = client.list_tag_resources(
            models.ListTagResourcesRequest(resource_type="role", resource_names=list(names))
        ).body.tag_resources
        return sorted((tag.resource_name, tag.tag_key, tag.tag_value) for tag in listed)

    assert tags_of("SlsByok") == [("SlsByok", "empty", ""), ("SlsByok", "team", "audit + *~ 日志")]
    assert len(tags_of("SlsByok", "other")) == 4
    roles = client.list_roles(models.ListRolesRequest()).body.roles.role
    assert {role.role_name: len(role.tags.tag) for role in roles} == {"SlsByok": 2, "other": 2}

    client.tag_resources(
        models.TagResourcesRequest(
            resource_type="role", resource_names=["SlsByok"], tag=[tag(key="team", value="new")]
        )
    )
    client.untag_resources(
        models.UntagResourcesRequest(resource_type="role", resource_names=["SlsByok"], tag_keys=["empty"])
    )
    assert tags_of("SlsByok") == [("SlsByok", "team", "new")]
    client.untag_resources(
        models.UntagResourcesRequest(resource_type="role", resource_names=["other"], all=True)
    )
    assert tags_of("other") == []
    with refused("EntityNotExist.Role", 404):
        client.tag_resources(
            models.TagResourcesRequest(
                resource_type="role", resource_names=["none"], tag=[tag(key="k", value="v")]
            )
        )


def with_core_sdk():
    from aliyunsdkram.request.v20150501.ListTagResourcesRequest import ListTagResourcesRequest
    from aliyunsdkram.request.v20150501.TagResourcesRequest import TagResourcesRequest
    from aliyunsdkram.request.v20150501.UntagResourcesRequest import UntagResourcesRequest

    make_role("SlsByok", policies=())
    client = CoreClient()
    about = {"ResourceType": "role", "ResourceNames": ["SlsByok"]}
    client.call(TagResourcesRequest(), Tag=[{"Key": "team", "Value": "audit"}], **about)
    listed = client.call(ListTagResourcesRequest(), **about)["TagResources"]
    assert [(tag["TagKey"], tag["TagValue"]) for tag in listed] == [("team", "audit")]
    client.call(UntagResourcesRequest(), TagKeys=["team"], **about)
    assert client.call(ListTagResourcesRequest(), **about)["TagResources"] == []


def given_at_creation():
    from alibabacloud_ram20150501 import models

    client = ram_client()
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["log.aliyuncs.com"]}}
    client.create_role(
        models.CreateRoleRequest(
            role_name="SlsByok",
            assume_role_policy_document=json.dumps({"Version": "1", "Statement": [statement]}),
            tag=[models.CreateRoleRequestTag(key="team", value="audit")],
        )
    )
    client.create_policy(
        models.CreatePolicyRequest(
            policy_name="readers",
            policy_document=allowing("log:Get*"),
            tag=[models.CreatePolicyRequestTag(key="team", value="ops")],
        )
    )
    for kind, name, value in [("role", "SlsByok", "audit"), ("policy", "readers", "ops")]:
        listed = client.list_tag_resources(
            models.ListTagResourcesRequest(resource_type=kind, resource_names=[name])
        ).body.tag_resources
        assert [(tag.tag_key, tag.tag_value) for tag in listed] == [("team", value)]
