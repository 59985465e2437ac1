"""Logstores without encryption, by both SDKs of SLS."""

from clients import log_client, sls_client
from refusals import refused

PROJECT = "audit-project"


def life_cycle_with_log_sdk():
    client = log_client()
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, "app-log", ttl=90, shard_count=2, hot_ttl=30, append_meta=True)
    logstore = client.get_logstore(PROJECT, "app-log")
    assert (logstore.get_ttl(), logstore.get_hot_ttl(), logstore.get_shard_count()) == (90, 30, 2)
    assert logstore.append_meta is True
    assert logstore.auto_split is True and logstore.max_split_shard == 64
    assert logstore.get_enable_tracking() is False
    assert not logstore.get_encrypt_conf()
    with refused("LogStoreAlreadyExist", 400):
        client.create_logstore(PROJECT, "app-log")

    # Reads the Logstore and sends back what it knows of.
    client.update_logstore(PROJECT, "app-log", ttl=180, enable_tracking=True, hot_ttl=30)
    logstore = client.get_logstore(PROJECT, "app-log")
    assert (logstore.get_ttl(), logstore.get_hot_ttl()) == (180, 30)
    assert logstore.get_enable_tracking() is True
    assert logstore.append_meta is True

    client.create_logstore(PROJECT, "web-log")
    assert sorted(client.list_logstore(PROJECT).get_logstores()) == ["app-log", "web-log"]
    assert client.list_logstore(PROJECT, logstore_name_pattern="web").get_logstores() == ["web-log"]
    page = client.list_logstore(PROJECT, offset=1, size=1)
    assert (page.get_count(), page.get_total()) == (1, 2)

    client.delete_logstore(PROJECT, "app-log")
    for call in [client.get_logstore, client.delete_logstore, client.update_logstore]:
        with refused("LogStoreNotExist", 404):
            call(PROJECT, "app-log")


def life_cycle_with_sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    client.create_log_store(
        PROJECT,
        models.CreateLogStoreRequest(
            logstore_name="app-log", ttl=90, shard_count=2, auto_split=True, max_split_shard=8, mode="standard"
        ),
    )
    logstore = client.get_log_store(PROJECT, "app-log").body
    assert (logstore.logstore_name, logstore.ttl, logstore.shard_count) == ("app-log", 90, 2)
    assert (logstore.auto_split, logstore.max_split_shard) == (True, 8)
    assert (logstore.mode, logstore.telemetry_type, logstore.product_type) == ("standard", "", "")
    assert logstore.encrypt_conf is None
    assert logstore.create_time > 1_700_000_000
    with refused("LogStoreAlreadyExist", 400):
        client.create_log_store(
            PROJECT, models.CreateLogStoreRequest(logstore_name="app-log", ttl=1, shard_count=1)
        )

    client.update_log_store(
        PROJECT, "app-log", models.UpdateLogStoreRequest(logstore_name="app-log", ttl=30, append_meta=True)
    )
    changed = client.get_log_store(PROJECT, "app-log").body
    assert (changed.ttl, changed.append_meta) == (30, True)
    assert changed.create_time == logstore.create_time

    found = client.list_log_stores(PROJECT, models.ListLogStoresRequest(logstore_name="app")).body
    assert (found.count, found.total, found.logstores) == (1, 1, ["app-log"])
    mode = client.get_log_store_metering_mode(PROJECT, "app-log").body
    assert mode.metering_mode == "ChargeByFunction"
    client.update_log_store_metering_mode(
        PROJECT, "app-log", models.UpdateLogStoreMeteringModeRequest(metering_mode="ChargeByDataIngest")
    )
    mode = client.get_log_store_metering_mode(PROJECT, "app-log").body
    assert mode.metering_mode == "ChargeByDataIngest"

    client.delete_log_store(PROJECT, "app-log")
    for call in [client.get_log_store, client.delete_log_store]:
        with refused("LogStoreNotExist", 404):
            call(PROJECT, "app-log")


def bad_settings_are_refused():
    client = log_client()
    client.create_project(PROJECT, "")
    for name in ["App", "a.b", "-app"]:
        with refused("LogStoreInfoInvalid", 400):
            client.create_logstore(PROJECT, name)
    for settings in [
        {"ttl": 0},
        {"ttl": 3651},
        {"ttl": 90, "hot_ttl": 91},
        {"max_split_shard": 257},
        {"ttl": 90, "hot_ttl": 30, "infrequent_access_ttl": 29},
        {"ttl": 120, "hot_ttl": 30, "infrequent_access_ttl": 31},
    ]:
        with refused("LogStoreInfoInvalid", 400):
            client.create_logstore(PROJECT, "app-log", **settings)
    with refused("LogStoreNotExist", 404):
        client.get_logstore(PROJECT, "app-log")
