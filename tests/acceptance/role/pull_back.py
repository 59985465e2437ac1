"""Writes a log to the Logstore of the example and pulls it back, with the official SDK.

    EMULATOR=127.0.0.1:8700 PYTHONPATH=tests/conformance python pull_back.py
"""

from clients import log_client
from given_logs import CONTENTS, LOGSTORE, PROJECT, put

if __name__ == "__main__":
    client = log_client()
    put(client, CONTENTS)
    logs = []
    for shard in client.list_shards(PROJECT, LOGSTORE).get_shards_info():
        begin = client.get_begin_cursor(PROJECT, LOGSTORE, shard["shardID"]).get_cursor()
        logs += client.pull_logs(PROJECT, LOGSTORE, shard["shardID"], begin).get_flatten_logs_json()
    (log,) = logs
    assert dict(CONTENTS).items() <= log.items(), log
