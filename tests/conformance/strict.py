"""What the SDKs send has no member that an emulator started with `--strict` does not know."""

from clients import log_client, sls_client
from refusals import refused

PROJECT = "audit-project"


def log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    conf = {"enable": True, "encrypt_type": "default"}
    client.create_logstore(
        PROJECT,
        "app-log",
        ttl=180,
        hot_ttl=30,
        infrequent_access_ttl=60,
        telemetry_type="None",
        mode="standard",
        enable_modify=True,
        encrypt_conf=conf,
    )
    # Told that a member is not known, this SDK tries again without most of them. The configuration, which would
    # have gone with them, shows that it was not told so.
    assert client.get_logstore(PROJECT, "app-log").get_encrypt_conf() == conf
    client.update_logstore(
        PROJECT, "app-log", ttl=200, hot_ttl=40, infrequent_access_ttl=60, mode="standard", encrypt_conf=conf
    )
    logstore = client.get_logstore(PROJECT, "app-log")
    assert (logstore.get_ttl(), logstore.get_hot_ttl()) == (200, 40)


def sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(
        models.CreateProjectRequest(
            project_name=PROJECT, description="", data_redundancy_type="LRS", recycle_bin_enabled=False
        )
    )
    conf = models.EncryptConf(enable=True, encrypt_type="default")
    settings = {
        "append_meta": True,
        "auto_split": True,
        "enable_tracking": True,
        "encrypt_conf": conf,
        "hot_ttl": 30,
        "infrequent_access_ttl": 60,
        "logstore_name": "app-log",
        "max_split_shard": 8,
        "mode": "standard",
        "shard_count": 2,
        "telemetry_type": "None",
        "ttl": 180,
    }
    client.create_log_store(
        PROJECT,
        models.CreateLogStoreRequest(enable_modify=True, processor_id="p", resource_group_id="rg", **settings),
    )
    client.update_log_store(PROJECT, "app-log", models.UpdateLogStoreRequest(**settings))
    logstore = client.get_log_store(PROJECT, "app-log").body.to_map()
    assert (logstore["ttl"], logstore["hot_ttl"], logstore["infrequentAccessTTL"]) == (180, 30, 60)
    assert logstore["encrypt_conf"] == conf.to_map()
    request = models.UpdateLogStoreEncryptionRequest(enable=False, encrypt_type="default")
    client.update_log_store_encryption(PROJECT, "app-log", request)
    with refused("LogStoreInfoInvalid", 400, says="encrypt_type"):
        conf = models.EncryptConf(enable=True, encrypt_type="des")
        client.create_log_store(
            PROJECT,
            models.CreateLogStoreRequest(logstore_name="web-log", ttl=1, shard_count=1, encrypt_conf=conf),
        )
