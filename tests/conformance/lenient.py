"""An emulator started with `--lenient` keeps what an update leaves out."""

from clients import log_client, sls_client

PROJECT = "audit-project"


def log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    conf = {"enable": True, "encrypt_type": "default"}
    client.create_logstore(PROJECT, "app-log", ttl=90, hot_ttl=30, encrypt_conf=conf)
    # It sends back what it read, but neither `encrypt_conf` nor `hot_ttl`.
    client.update_logstore(PROJECT, "app-log", ttl=180)
    logstore = client.get_logstore(PROJECT, "app-log")
    assert (logstore.get_ttl(), logstore.get_hot_ttl()) == (180, 30)
    assert logstore.get_encrypt_conf() == conf


def sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    conf = models.EncryptConf(enable=True, encrypt_type="default")
    client.create_log_store(
        PROJECT,
        models.CreateLogStoreRequest(
            logstore_name="app-log", ttl=90, shard_count=2, append_meta=True, encrypt_conf=conf
        ),
    )
    client.update_log_store(PROJECT, "app-log", models.UpdateLogStoreRequest(ttl=180))
    logstore = client.get_log_store(PROJECT, "app-log").body
    assert (logstore.ttl, logstore.append_meta) == (180, True)
    assert logstore.encrypt_conf.to_map() == conf.to_map()
