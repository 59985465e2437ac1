"""What scenarios need to be there before they begin, made through the SDKs as well."""

import json

from clients import ACCOUNT, ALICE, Key, kms_client, ram_client, sts_client

# Every algorithm, as encryption configurations name it.
ENCRYPT_TYPES = [
    "default",
    "m4",
    "sm4",
    "sm4_ecb",
    "sm4_cbc",
    "sm4_gcm",
    "aes_ecb",
    "aes_cbc",
    "aes_cfb",
    "aes_ofb",
    "aes_gcm",
]


def make_key():
    """The id of a new key."""
    from alibabacloud_kms20160120 import models

    return kms_client().create_key(models.CreateKeyRequest()).body.key_metadata.key_id


def make_role(
    name="SlsByok",
    trusted=("Service", "log.aliyuncs.com"),
    policies=("AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"),
):
    """The ARN of a new role."""
    from alibabacloud_ram20150501 import models

    client = ram_client()
    kind, principal = trusted
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {kind: [principal]}}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    role = client.create_role(
        models.CreateRoleRequest(role_name=name, assume_role_policy_document=document)
    ).body.role
    assert role.arn == f"acs:ram::{ACCOUNT}:role/{name.lower()}"
    for policy in policies:
        client.attach_policy_to_role(
            models.AttachPolicyToRoleRequest(policy_type="System", policy_name=policy, role_name=name)
        )
    return role.arn


def allowing(action, resource="*"):
    """A policy document that allows one action."""
    return json.dumps(
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


def allow(user, name, document):
    """Gives a user a new policy."""
    from alibabacloud_ram20150501 import models

    client = ram_client()
    client.create_policy(models.CreatePolicyRequest(policy_name=name, policy_document=document))
    client.attach_policy_to_user(
        models.AttachPolicyToUserRequest(policy_type="Custom", policy_name=name, user_name=user)
    )


def make_reader():
    """The ARN of a new role that reads logs and keys, and that alice may assume."""
    arn = make_role(
        "reader",
        trusted=("RAM", f"acs:ram::{ACCOUNT}:root"),
        policies=("AliyunLogReadOnlyAccess", "AliyunKMSReadOnlyAccess"),
    )
    allow("alice", "be-reader", allowing("sts:AssumeRole", arn))
    return arn


def make_session(**settings):
    """The key of a new session of that role."""
    from alibabacloud_sts20150401 import models

    request = models.AssumeRoleRequest(role_arn=make_reader(), role_session_name="s1", **settings)
    credentials = sts_client(ALICE).assume_role(request).body.credentials
    return Key(credentials.access_key_id, credentials.access_key_secret, credentials.security_token)
