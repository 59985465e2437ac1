"""Logs of Logstores that are encrypted: there and back, and what a key that cannot be used does to them."""

import time

from clients import REGION, kms_client, ram_client, sls_client
from given import ENCRYPT_TYPES, make_key, make_role
from given_logs import CONTENTS, LOGSTORE, PROJECT, make_logstore, put, sls_log_group
from refusals import refused


def every_algorithm_with_a_key_of_the_service():
    client = make_logstore()
    for encrypt_type in ENCRYPT_TYPES:
        name = "log-" + encrypt_type
        conf = {"enable": True, "encrypt_type": encrypt_type}
        client.create_logstore(PROJECT, name, shard_count=1, encrypt_conf=conf)
        put(client, CONTENTS, logstore=name)
        assert read(client, logstore=name) == [dict(CONTENTS)], encrypt_type


def what_was_written_before_and_after_stays_readable():
    client = make_logstore()
    put(client, [("number", "0")])
    for number, enable in enumerate([True, False, True], start=1):
        conf = {"enable": enable, "encrypt_type": "sm4_gcm"}
        client.update_logstore(PROJECT, LOGSTORE, encrypt_conf=conf)
        put(client, [("number", str(number))])
    assert [log["number"] for log in read(client)] == ["0", "1", "2", "3"]


def a_disabled_key_stops_reads_and_writes_until_it_is_back():
    from alibabacloud_kms20160120 import models

    key_id = make_key()
    client = make_logstore(encrypt_conf=byok(key_id, make_role()))
    put(client, CONTENTS)
    assert read(client) == [dict(CONTENTS)]

    kms_client().disable_key(models.DisableKeyRequest(key_id=key_id))
    check_nothing_works(client, 400, "ParameterInvalid", "Rejected.Disabled")
    kms_client().enable_key(models.EnableKeyRequest(key_id=key_id))
    check_everything_works(client, 2)

    schedule = models.ScheduleKeyDeletionRequest(key_id=key_id, pending_window_in_days=7)
    kms_client().schedule_key_deletion(schedule)
    check_nothing_works(client, 400, "ParameterInvalid", "Rejected.PendingDeletion")
    kms_client().cancel_key_deletion(models.CancelKeyDeletionRequest(key_id=key_id))
    check_everything_works(client, 3)


def a_role_that_lost_its_policies_stops_reads_and_writes():
    from alibabacloud_ram20150501 import models

    client = make_logstore(encrypt_conf=byok(make_key(), make_role()))
    put(client, CONTENTS)
    reference = {
        "policy_type": "System",
        "policy_name": "AliyunKMSCryptoUserAccess",
        "role_name": "SlsByok",
    }
    ram_client().detach_policy_from_role(models.DetachPolicyFromRoleRequest(**reference))
    check_nothing_works(client, 401, "Unauthorized", "Forbidden.NoPermission")
    ram_client().attach_policy_to_role(models.AttachPolicyToRoleRequest(**reference))
    check_everything_works(client, 2)


def encryption_switched_on_over_logs_in_clear():
    from alibabacloud_sls20201230 import models

    client, sls = make_logstore(), sls_client()
    put(client, CONTENTS)
    info = models.UpdateLogStoreEncryptionRequestUserCmkInfo(
        key_id=make_key(), role_arn=make_role(), region_id=REGION
    )
    request = models.UpdateLogStoreEncryptionRequest(enable=True, encrypt_type="aes_gcm", user_cmk_info=info)
    sls.update_log_store_encryption(PROJECT, LOGSTORE, request)
    sls.put_logs(PROJECT, LOGSTORE, models.PutLogsRequest(body=sls_log_group(models)))
    logs = read(client)
    assert logs == [dict(CONTENTS), dict(CONTENTS)]


def byok(key_id, role_arn):
    """A configuration with a customer's key."""
    info = {"cmk_key_id": key_id, "arn": role_arn, "region_id": REGION}
    return {"enable": True, "encrypt_type": "default", "user_cmk_info": info}


def read(client, logstore=LOGSTORE):
    """The contents of every log, from the first on."""
    begin = client.get_begin_cursor(PROJECT, logstore, 0).get_cursor()
    logs = client.pull_logs(PROJECT, logstore, 0, begin).get_flatten_logs_json()
    # Without what the client adds to the contents.
    added = {"__time__", "__time_ns_part__", "__source__", "__topic__", "__tag__:zone"}
    return [{key: value for key, value in log.items() if key not in added} for log in logs]


def check_nothing_works(client, status, code, says):
    """Both SDKs are refused whatever they do with the logs, and the Logstore itself can still be looked at."""
    from alibabacloud_sls20201230 import models

    sls = sls_client()
    now = int(time.time())
    with refused(code, status, says=says):
        put(client, CONTENTS)
    with refused(code, status, says=says):
        client.get_begin_cursor(PROJECT, LOGSTORE, 0)
    with refused(code, status, says=says):
        client.pull_logs(PROJECT, LOGSTORE, 0, "MA==")
    with refused(code, status, says=says):
        client.get_log(PROJECT, LOGSTORE, now - 60, now + 60)
    with refused(code, status, says=says):
        sls.put_logs(PROJECT, LOGSTORE, models.PutLogsRequest(body=sls_log_group(models)))
    with refused(code, status, says=says):
        sls.pull_logs(PROJECT, LOGSTORE, "0", models.PullLogsRequest(cursor="MA==", count=1))
    with refused(code, status, says=says):
        sls.get_logs(PROJECT, LOGSTORE, models.GetLogsRequest(from_=now - 60, to=now + 60))
    assert client.get_logstore(PROJECT, LOGSTORE).get_encrypt_conf()["enable"] is True


def check_everything_works(client, count):
    """One more log can be written, and all of them read."""
    put(client, CONTENTS)
    assert read(client) == [dict(CONTENTS)] * count
