"""Encryption with a key of the service, by both SDKs of SLS, and what can no longer be changed."""

from clients import log_client, sls_client
from given import ENCRYPT_TYPES
from refusals import refused

PROJECT = "audit-project"
CMK_INFO = {"cmk_key_id": "k", "arn": "acs:ram::1234567890123456:role/byok", "region_id": "cn-hangzhou"}


def configured_at_creation_with_log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    conf = {"enable": True, "encrypt_type": "sm4_gcm"}
    client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf

    # Once configured, every update has to carry the whole configuration.
    with refused("ParameterInvalid", 400):
        client.update_logstore(PROJECT, "app-log", ttl=10)
    client.update_logstore(PROJECT, "app-log", ttl=10, encrypt_conf=conf)
    off = {"enable": False, "encrypt_type": "sm4_gcm"}
    client.update_logstore(PROJECT, "app-log", encrypt_conf=off)
    logstore = client.get_logstore(PROJECT, "app-log")
    assert logstore.get_encrypt_conf() == off
    assert logstore.get_ttl() == 10


def configured_later_with_log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, "app-log", ttl=90)
    conf = {"enable": True, "encrypt_type": "default"}
    client.update_logstore(PROJECT, "app-log", encrypt_conf=conf)
    logstore = client.get_logstore(PROJECT, "app-log")
    assert logstore.get_encrypt_conf() == conf
    assert logstore.get_ttl() == 90

    for changed in [
        {"enable": True, "encrypt_type": "m4"},
        {"enable": False, "encrypt_type": "aes_gcm"},
        {"enable": True, "encrypt_type": "default", "user_cmk_info": CMK_INFO},
    ]:
        with refused("ParameterInvalid", 400):
            client.update_logstore(PROJECT, "app-log", encrypt_conf=changed)
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf


def algorithms_are_stored_as_they_are_spelt():
    client = log_client()
    client.create_project(PROJECT, "")
    for encrypt_type in ENCRYPT_TYPES:
        name = "log-" + encrypt_type
        client.create_logstore(PROJECT, name, encrypt_conf={"enable": True, "encrypt_type": encrypt_type})
        assert client.get_logstore(PROJECT, name).get_encrypt_conf()["encrypt_type"] == encrypt_type


def bad_configurations_are_refused():
    client = log_client()
    client.create_project(PROJECT, "")
    invalid = "The encrypt_conf is invalid, [encrypt_type] key is missing or not supported"
    for conf in [{"enable": True, "encrypt_type": "des"}, {"enable": True}]:
        with refused("LogStoreInfoInvalid", 400, says=invalid):
            client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    without_arn = {"cmk_key_id": "k", "region_id": "cn-hangzhou"}
    for conf in [
        {"encrypt_type": "default"},
        {"enable": "yes", "encrypt_type": "default"},
        {"enable": True, "encrypt_type": "default", "user_cmk_info": without_arn},
    ]:
        with refused("LogStoreInfoInvalid", 400):
            client.create_logstore(PROJECT, "app-log", encrypt_conf=conf)
    assert client.list_logstore(PROJECT).get_total() == 0


def update_log_store_encryption():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    client.create_log_store(
        PROJECT, models.CreateLogStoreRequest(logstore_name="app-log", ttl=90, shard_count=2)
    )

    def update(**members):
        request = models.UpdateLogStoreEncryptionRequest(**members)
        client.update_log_store_encryption(PROJECT, "app-log", request)

    def conf():
        return client.get_log_store(PROJECT, "app-log").body.encrypt_conf.to_map()

    update(enable=True, encrypt_type="aes_gcm")
    assert conf() == {"enable": True, "encrypt_type": "aes_gcm"}
    # The algorithm need not be said again.
    update(enable=False)
    assert conf() == {"enable": False, "encrypt_type": "aes_gcm"}
    update(enable=True, encrypt_type="aes_gcm")
    assert conf() == {"enable": True, "encrypt_type": "aes_gcm"}
    with refused("ParameterInvalid", 400):
        update(enable=True, encrypt_type="sm4_gcm")
    with refused("LogStoreNotExist", 404):
        request = models.UpdateLogStoreEncryptionRequest(enable=True, encrypt_type="default")
        client.update_log_store_encryption(PROJECT, "other-log", request)
    assert client.get_log_store(PROJECT, "app-log").body.ttl == 90


def encrypt_conf_of_sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    conf = models.EncryptConf(enable=True, encrypt_type="m4")
    client.create_log_store(
        PROJECT,
        models.CreateLogStoreRequest(logstore_name="app-log", ttl=90, shard_count=2, encrypt_conf=conf),
    )
    assert client.get_log_store(PROJECT, "app-log").body.encrypt_conf.to_map() == conf.to_map()
    # `sm4` is the same algorithm, and another spelling of it.
    conf.encrypt_type = "sm4"
    with refused("ParameterInvalid", 400):
        client.update_log_store(PROJECT, "app-log", models.UpdateLogStoreRequest(ttl=90, encrypt_conf=conf))
