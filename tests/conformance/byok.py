"""Encryption with a customer's key, whose role and key are made through the SDKs as well."""

from clients import ALICE, REGION, kms_client, log_client, ram_client, sls_client
from given import allow, allowing, make_key, make_role
from refusals import refused

PROJECT = "audit-project"


def life_cycle_with_log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    info = {"cmk_key_id": make_key(), "arn": make_role(), "region_id": REGION}
    conf = {"enable": True, "encrypt_type": "default", "user_cmk_info": info}
    client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf

    off = dict(conf, enable=False)
    client.update_logstore(PROJECT, "app-log", encrypt_conf=off)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == off
    client.update_logstore(PROJECT, "app-log", encrypt_conf=conf)

    other_key = dict(conf, user_cmk_info=dict(info, cmk_key_id=make_key()))
    service_key = {"enable": True, "encrypt_type": "default"}
    for changed in [other_key, service_key]:
        with refused("ParameterInvalid", 400):
            client.update_logstore(PROJECT, "app-log", encrypt_conf=changed)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf


def life_cycle_with_sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    client.create_log_store(
        PROJECT, models.CreateLogStoreRequest(logstore_name="app-log", ttl=90, shard_count=2)
    )
    key_id, arn = make_key(), make_role()
    info = models.UpdateLogStoreEncryptionRequestUserCmkInfo(key_id=key_id, role_arn=arn, region_id=REGION)

    def update(**members):
        request = models.UpdateLogStoreEncryptionRequest(**members)
        client.update_log_store_encryption(PROJECT, "app-log", request)

    update(enable=True, encrypt_type="sm4_gcm", user_cmk_info=info)
    # What the dedicated operation writes, the Logstore shows in its own words.
    expected = {
        "enable": True,
        "encrypt_type": "sm4_gcm",
        "user_cmk_info": {"cmk_key_id": key_id, "arn": arn, "region_id": REGION},
    }
    assert client.get_log_store(PROJECT, "app-log").body.encrypt_conf.to_map() == expected
    info.key_id = make_key()
    with refused("ParameterInvalid", 400):
        update(enable=True, encrypt_type="sm4_gcm", user_cmk_info=info)
    assert client.get_log_store(PROJECT, "app-log").body.encrypt_conf.to_map() == expected


def role_and_key_have_to_be_right():
    from alibabacloud_kms20160120 import models as kms

    client = log_client()
    client.create_project(PROJECT, "")
    key_id, arn = make_key(), make_role()
    disabled = make_key()
    kms_client().disable_key(kms.DisableKeyRequest(key_id=disabled))
    idle = make_role("Idle", policies=())
    of_ecs = make_role("OfEcs", trusted=("Service", "ecs.aliyuncs.com"))
    right = {"cmk_key_id": key_id, "arn": arn, "region_id": REGION}
    for member, value, says in [
        ("cmk_key_id", "no-such-key", "KMS answers Forbidden.KeyNotFound"),
        ("cmk_key_id", disabled, "KMS answers Rejected.Disabled"),
        ("region_id", "cn-beijing", "cn-beijing"),
        ("arn", arn + "x", "STS answers EntityNotExist.Role"),
        ("arn", idle, "KMS answers Forbidden.NoPermission"),
        ("arn", of_ecs, "STS answers NoPermission"),
    ]:
        info = dict(right, **{member: value})
        with refused("ParameterInvalid", 400, says=says):
            conf = {"enable": True, "encrypt_type": "default", "user_cmk_info": info}
            client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    assert client.list_logstore(PROJECT).get_total() == 0


def users_need_pass_role():
    from alibabacloud_ram20150501 import models

    log_client().create_project(PROJECT, "")
    arn = make_role()
    info = {"cmk_key_id": make_key(), "arn": arn, "region_id": REGION}
    conf = {"enable": True, "encrypt_type": "default", "user_cmk_info": info}
    ram_client().attach_policy_to_user(
        models.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunLogFullAccess", user_name="alice"
        )
    )
    client = log_client(ALICE)
    client.create_logstore(PROJECT, "plain-log")
    with refused("Unauthorized", 401, says="ram:PassRole"):
        client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)

    allow("alice", "pass-byok", allowing("ram:PassRole", arn))
    client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf
