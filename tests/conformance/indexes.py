"""Indexes of Logstores, by both SDKs of SLS."""

from clients import log_client, sls_client
from refusals import refused

PROJECT = "audit-project"
TOKEN = [",", " ", '"', "\n", "\t"]


def life_cycle_with_log_sdk():
    from aliyun.log import IndexConfig, IndexKeyConfig, IndexLineConfig
    from aliyun.log.index_config import IndexJsonKeyConfig

    client = log_client()
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, "app-log", ttl=90)
    with refused("IndexConfigNotExist", 400, "index config doesn't exist"):
        client.get_index_config(PROJECT, "app-log")

    json_key = IndexJsonKeyConfig(index_all=True, max_depth=4)
    json_key.add_key("user.id", "long", doc_value=True, alias="id")
    index = IndexConfig(
        line_config=IndexLineConfig(TOKEN, case_sensitive=True, chinese=True, auto_key_detect=True, auto_key_count_limit=9),
        key_config_list={
            "message": IndexKeyConfig(TOKEN, True, "text", doc_value=True, alias="text", chinese=True),
            "cost": IndexKeyConfig(index_type="long", doc_value=True),
            "body": IndexKeyConfig(TOKEN, index_type="json", json_key_config=json_key),
        },
        log_reduce=True,
        scan_index=True,
    )
    index.set_docvalue_max_text_len(4096)
    index.set_log_reduce_black_list(["cost"])
    with refused("ParameterInvalid", 400, "log store index is not created"):
        client.update_index(PROJECT, "app-log", index)
    client.create_index(PROJECT, "app-log", index)
    with refused("IndexAlreadyExist", 400, "log store index is already created"):
        client.create_index(PROJECT, "app-log", index)

    found = client.get_index_config(PROJECT, "app-log").get_index_config()
    assert found.ttl == 90
    sent, read = index.to_json(), found.to_json()
    for key in ["cost", "body"]:
        assert read["keys"][key].pop("alias") == ""
    assert read["keys"]["body"].pop("chn") is False
    assert read == sent

    # As it was read it can be written, which is how the SDK copies a Logstore.
    found.set_log_reduce_black_list(None)
    client.update_index(PROJECT, "app-log", found)
    assert client.get_index_config(PROJECT, "app-log").get_index_config().log_reduce_black_list is None

    client.delete_index(PROJECT, "app-log")
    with refused("IndexConfigNotExist", 400):
        client.get_index_config(PROJECT, "app-log")
    for call in [client.get_index_config, client.delete_index]:
        with refused("LogStoreNotExist", 404):
            call(PROJECT, "none")


def life_cycle_with_sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    client.create_log_store(PROJECT, models.CreateLogStoreRequest(logstore_name="app-log", ttl=90, shard_count=2))
    with refused("IndexConfigNotExist", 400):
        client.get_index(PROJECT, "app-log")

    index = models.Index(
        line=models.IndexLine(token=TOKEN, case_sensitive=True, chn=False, exclude_keys=["cost"]),
        keys={
            "message": models.IndexKey(type="text", token=TOKEN, doc_value=True),
            "body": models.IndexKey(
                type="json",
                token=TOKEN,
                index_all=True,
                max_depth=4,
                json_keys={"user.id": models.IndexJsonKey(type="long", alias="id", doc_value=True)},
            ),
        },
        log_reduce=True,
        log_reduce_white_list=["message"],
        max_text_len=4096,
    )
    client.create_index(PROJECT, "app-log", models.CreateIndexRequest(body=index))
    with refused("IndexAlreadyExist", 400):
        client.create_index(PROJECT, "app-log", models.CreateIndexRequest(body=index))
    found = client.get_index(PROJECT, "app-log").body
    assert (found.ttl, found.index_mode, found.storage, found.max_text_len) == (90, "v2", "pg", 4096)
    assert (found.line.token, found.line.case_sensitive, found.line.exclude_keys) == (TOKEN, True, ["cost"])
    assert (found.log_reduce, found.log_reduce_white_list) == (True, ["message"])
    message, body = found.keys["message"], found.keys["body"]
    assert (message.type, message.alias, message.case_sensitive, message.chn) == ("text", "", False, False)
    assert (body.index_all, body.max_depth, body.json_keys["user.id"].alias) == (True, 4, "id")
    assert found.last_modify_time > 1_700_000_000

    line = models.Index(line=models.IndexLine(token=[","]))
    client.update_index(PROJECT, "app-log", models.UpdateIndexRequest(body=line))
    found = client.get_index(PROJECT, "app-log").body
    assert (found.line.token, found.keys, found.max_text_len) == ([","], {}, None)
    client.delete_index(PROJECT, "app-log")
    with refused("IndexConfigNotExist", 400):
        client.get_index(PROJECT, "app-log")


def bad_indexes_are_refused():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=""))
    client.create_log_store(PROJECT, models.CreateLogStoreRequest(logstore_name="app-log", ttl=90, shard_count=2))
    key = models.IndexKey
    for index, code, says in [
        (models.Index(line=models.IndexLine()), "IndexInfoInvalid", "required field token is lacking"),
        (models.Index(keys={"k": key(type="text")}), "IndexInfoInvalid", "required field token is lacking"),
        (models.Index(keys={"k": key(doc_value=True)}), "ParameterInvalid", "key config must has type"),
    ]:
        with refused(code, 400, says):
            client.create_index(PROJECT, "app-log", models.CreateIndexRequest(body=index))
    with refused("IndexConfigNotExist", 400):
        client.get_index(PROJECT, "app-log")
