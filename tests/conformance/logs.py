"""Writing, pulling and searching logs, by both SDKs of SLS."""

import time

from clients import sls_client
from given_logs import CONTENTS, LOGSTORE, NANOSECONDS, PROJECT, make_logstore, put, sls_log_group
from refusals import refused


def written_by_log_sdk_in_every_compression():
    client = make_logstore()
    cursor = client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    for settings in [{"compress_type": "lz4"}, {"compress_type": "zstd"}, {"compress": False}]:
        put(client, CONTENTS, **settings)
        for accepted in [
            {"accept_compress_type": "lz4"},
            {"accept_compress_type": "zstd"},
            {"compress": False},
        ]:
            pulled = client.pull_logs(PROJECT, LOGSTORE, 0, cursor, **accepted)
            assert pulled.get_loggroup_count() == 1
            [log] = pulled.get_flatten_logs_json()
            assert {key: log[key] for key, _ in CONTENTS} == dict(CONTENTS), accepted
            assert log["__time_ns_part__"] == (NANOSECONDS,)
        assert pulled.next_cursor != cursor
        cursor = pulled.next_cursor


def written_by_sls_sdk_in_every_compression():
    from alibabacloud_sls20201230 import models
    from darabonba.runtime import RuntimeOptions

    reader = make_logstore()
    cursor = reader.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    for version in ["v1", "v4"]:
        client = sls_client(version=version)
        # Left to itself it takes zstd. What it calls deflate and gzip is zlib (RFC 1950).
        for compression in [None, "zstd", "lz4", "deflate"]:
            client.put_logs_with_options(
                PROJECT,
                LOGSTORE,
                models.PutLogsRequest(body=sls_log_group(models)),
                models.PutLogsHeaders(x_log_compresstype=compression),
                RuntimeOptions(),
            )
            # With the other SDK: this one does not read PullLogs, as the service's documentation warns
            # (https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-pulllogs).
            pulled = reader.pull_logs(PROJECT, LOGSTORE, 0, cursor)
            [log] = pulled.get_flatten_logs_json()
            assert {key: log[key] for key, _ in CONTENTS} == dict(CONTENTS), compression
            assert (log["__topic__"], log["__source__"], log["__tag__:zone"]) == ("firewall", "10.0.0.1", "内")
            cursor = pulled.next_cursor


def cursors():
    from alibabacloud_sls20201230 import models

    client, sls = make_logstore(), sls_client()
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor() == begin
    pulled = client.pull_logs(PROJECT, LOGSTORE, 0, begin)
    assert (pulled.get_loggroup_count(), pulled.next_cursor) == (0, begin)

    started = int(time.time())
    for number in range(5):
        put(client, [("number", str(number))])
    end = client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert client.get_cursor(PROJECT, LOGSTORE, 0, started - 60).get_cursor() == begin
    assert client.get_cursor(PROJECT, LOGSTORE, 0, started + 3600).get_cursor() == end
    assert sls.get_cursor(PROJECT, LOGSTORE, "0", models.GetCursorRequest(from_="begin")).body.cursor == begin
    received = client.get_cursor_time(PROJECT, LOGSTORE, 0, begin).get_cursor_time()
    assert started <= received <= started + 60
    request = models.GetCursorTimeRequest(cursor=begin)
    assert sls.get_cursor_time(PROJECT, LOGSTORE, "0", request).body.cursor_time == received

    def numbers(pulled):
        return [log["number"] for log in pulled.get_flatten_logs_json()]

    first = client.pull_logs(PROJECT, LOGSTORE, 0, begin, count=2)
    second = client.pull_logs(PROJECT, LOGSTORE, 0, first.next_cursor, count=2)
    rest = client.pull_logs(PROJECT, LOGSTORE, 0, second.next_cursor)
    assert [numbers(pulled) for pulled in [first, second, rest]] == [["0", "1"], ["2", "3"], ["4"]]
    assert rest.next_cursor == end
    until = client.pull_logs(PROJECT, LOGSTORE, 0, begin, end_cursor=first.next_cursor)
    assert numbers(until) == ["0", "1"]

    with refused("ParameterInvalid", 400):
        client.pull_logs(PROJECT, LOGSTORE, 0, "no cursor")
    with refused("ShardNotExist", 400):
        client.get_begin_cursor(PROJECT, LOGSTORE, 7)
    for call in [client.get_begin_cursor, client.get_end_cursor]:
        with refused("LogStoreNotExist", 404):
            call(PROJECT, "other-log", 0)


def pulling_a_range_of_time():
    client = make_logstore()
    started = int(time.time())
    for number in range(3):
        put(client, [("number", str(number))])
    logs = client.pull_log(PROJECT, LOGSTORE, 0, started - 60, started + 3600, batch_size=2)
    assert [log["number"] for page in logs for log in page.get_flatten_logs_json()] == ["0", "1", "2"]


def shards():
    from alibabacloud_sls20201230 import models

    client, sls = make_logstore(shard_count=2), sls_client()
    listed = client.list_shards(PROJECT, LOGSTORE).get_shards_info()
    assert [shard["shardID"] for shard in listed] == [0, 1]
    assert [shard["status"] for shard in listed] == ["readwrite", "readwrite"]
    middle = "8" + "0" * 31
    assert [shard["inclusiveBeginKey"] for shard in listed] == ["0" * 32, middle]
    assert [shard.shard_id for shard in sls.list_shards(PROJECT, LOGSTORE).body] == [0, 1]

    # By the key, not by turns.
    put(client, [("to", "1")], hashKey="f" * 31 + "e")
    put(client, [("to", "0")], hashKey="0" * 32)
    put(client, [("to", "1")], hashKey=middle)
    for shard, count in [(0, 1), (1, 2)]:
        begin = client.get_begin_cursor(PROJECT, LOGSTORE, shard).get_cursor()
        logs = client.pull_logs(PROJECT, LOGSTORE, shard, begin).get_flatten_logs_json()
        assert [log["to"] for log in logs] == [str(shard)] * count

    client.split_shard(PROJECT, LOGSTORE, 0, "4" + "0" * 31)
    listed = client.list_shards(PROJECT, LOGSTORE).get_shards_info()
    states = {shard["shardID"]: shard["status"] for shard in listed}
    assert states == {0: "readonly", 1: "readwrite", 2: "readwrite", 3: "readwrite"}
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert client.pull_logs(PROJECT, LOGSTORE, 0, begin).get_log_count() == 1
    request = models.SplitShardRequest(key="c" + "0" * 31, shard_count=2)
    assert len(sls.split_shard(PROJECT, LOGSTORE, "1", request).body) == 3
    merged = client.merge_shard(PROJECT, LOGSTORE, 2).get_shards_info()
    # The two that were one shard before are one again.
    [open_again] = [shard for shard in merged if shard["status"] == "readwrite"]
    assert sorted(shard["shardID"] for shard in merged if shard["status"] == "readonly") == [2, 3]
    assert (open_again["inclusiveBeginKey"], open_again["exclusiveEndKey"]) == ("0" * 32, middle)


def searching_with_log_sdk():
    client = make_logstore()
    now = int(time.time())
    for number, level in enumerate(["info", "error", "info"]):
        put(client, [("number", str(number)), ("level", level)], topic="firewall", at=now - 10 + number)
    put(client, [("number", "3"), ("level", "error")], topic="waf", at=now - 5)

    for is_version_2 in [True, False]:
        # The client's own switch between `POST .../logs` and `GET ...?type=log`.
        client._get_logs_v2_enabled = is_version_2

        def found(query="", **more):
            answer = client.get_log(PROJECT, LOGSTORE, now - 60, now + 60, query=query, **more)
            assert answer.is_completed()
            assert answer.get_count() == len(answer.get_logs())
            return [log.get_contents()["number"] for log in answer.get_logs()]

        assert found() == ["0", "1", "2", "3"]
        assert found(reverse=True) == ["3", "2", "1", "0"]
        assert found(offset=1, size=2) == ["1", "2"]
        assert found("level: error") == ["1", "3"]
        assert found("level: error", topic="waf") == ["3"]
        assert found("level: error and not number: 1") == ["3"]
        assert found("nothing like it") == []
        assert client.get_log(PROJECT, LOGSTORE, now + 60, now + 120).get_count() == 0
        with refused("InvalidTimeRange", 400):
            client.get_log(PROJECT, LOGSTORE, now, now - 1)
        with refused("InvalidQueryString", 400):
            client.get_log(PROJECT, LOGSTORE, now - 60, now, query="(level: error")
        with refused("LogStoreNotExist", 404):
            client.get_log(PROJECT, "other-log", now - 60, now)


def searching_with_sls_sdk():
    from alibabacloud_sls20201230 import models

    log, client = make_logstore(), sls_client()
    now = int(time.time())
    for number, level in enumerate(["info", "error"]):
        put(log, [("number", str(number)), ("level", level)], topic="firewall", at=now - 10 + number)
    for call, request in [
        (client.get_logs, models.GetLogsRequest),
        (client.get_logs_v2, models.GetLogsV2Request),
    ]:
        every = call(PROJECT, LOGSTORE, request(from_=now - 60, to=now + 60)).body
        assert (every.meta.progress, every.meta.count) == ("Complete", 2)
        assert [log["number"] for log in every.data] == ["0", "1"]
        assert every.data[0]["__topic__"] == "firewall"
        errors = call(
            PROJECT, LOGSTORE, request(from_=now - 60, to=now + 60, query="level: error", line=10)
        ).body
        assert [log["number"] for log in errors.data] == ["1"]
        newest = call(PROJECT, LOGSTORE, request(from_=now - 60, to=now + 60, reverse=True, line=1)).body
        assert [log["number"] for log in newest.data] == ["1"]
        with refused("InvalidTimeRange", 400):
            call(PROJECT, LOGSTORE, request(from_=now, to=now))


def bad_log_groups_are_refused():
    client = make_logstore()
    week = 7 * 86_400
    for at in [time.time() - week - 3600, time.time() + 3600]:
        with refused("PostBodyInvalid", 400):
            put(client, [("k", "v")], at=int(at))
    with refused("LogStoreNotExist", 404):
        put(client, [("k", "v")], logstore="other-log")
    with refused("ProjectNotExist", 404):
        put(client, [("k", "v")], project="other-project")
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor() == begin
