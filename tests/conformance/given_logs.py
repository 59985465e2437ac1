"""A Logstore and logs in it, for scenarios of the data plane."""

import time

from clients import log_client

PROJECT = "audit-project"
LOGSTORE = "app-log"
# Behind the second that a log is of.
NANOSECONDS = 123_456_789
# What has to come back as it was: letters outside of ASCII, nothing at all, and many blocks of a cipher.
CONTENTS = [("message", "denied: 10.0.0.1 → 10.0.0.2 日志"), ("empty", ""), ("long", "abc " * 1000)]


def make_logstore(shard_count=1, **settings):
    """A client and, there, a new Logstore with one shard."""
    client = log_client()
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, LOGSTORE, shard_count=shard_count, **settings)
    return client


def put(client, contents, project=PROJECT, logstore=LOGSTORE, at=None, topic="", **settings):
    """Writes one log."""
    from aliyun.log import LogItem, PutLogsRequest

    item = LogItem(timestamp=at or int(time.time()), contents=contents, time_nano_part=NANOSECONDS)
    # Without a source it opens a socket to find one.
    client.put_logs(PutLogsRequest(project, logstore, topic, "10.0.0.1", [item], **settings))


def sls_log_group(models):
    """The same log in the models of the newer family."""
    contents = [models.LogContent(key=key, value=value) for key, value in CONTENTS]
    return models.LogGroup(
        topic="firewall",
        source="10.0.0.1",
        log_tags=[models.LogTag(key="zone", value="内")],
        log_items=[models.LogItem(time=int(time.time()), contents=contents)],
    )
