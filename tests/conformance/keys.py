"""Keys, what they seal, and their states, by both SDKs of KMS."""

import base64
import json

from clients import ACCOUNT, ALICE, REGION, CoreClient, kms_client, ram_client
from given import make_key
from refusals import refused

CONTEXT = {"project": "audit-project", "logstore": "app-log"}


def life_cycle_with_newer_sdk():
    from alibabacloud_kms20160120 import models

    client = kms_client()
    created = client.create_key(models.CreateKeyRequest(description="of the auditors")).body.key_metadata
    key_id = created.key_id
    assert created.arn == f"acs:kms:{REGION}:{ACCOUNT}:key/{key_id}"
    assert (created.key_state, created.key_spec) == ("Enabled", "Aliyun_AES_256")
    assert (created.key_usage, created.origin) == ("ENCRYPT/DECRYPT", "Aliyun_KMS")

    def state():
        return client.describe_key(models.DescribeKeyRequest(key_id=key_id)).body.key_metadata

    assert (state().description, state().delete_date, state().creator) == ("of the auditors", "", ACCOUNT)
    listed = client.list_keys(models.ListKeysRequest()).body
    assert [key.key_id for key in listed.keys.key] == [key_id]
    assert listed.total_count == 1

    client.disable_key(models.DisableKeyRequest(key_id=key_id))
    client.disable_key(models.DisableKeyRequest(key_id=key_id))
    assert state().key_state == "Disabled"
    client.enable_key(models.EnableKeyRequest(key_id=key_id))
    assert state().key_state == "Enabled"

    schedule = models.ScheduleKeyDeletionRequest(key_id=key_id, pending_window_in_days=7)
    client.schedule_key_deletion(schedule)
    assert state().key_state == "PendingDeletion" and state().delete_date
    for call, request in [
        (client.schedule_key_deletion, schedule),
        (client.enable_key, models.EnableKeyRequest(key_id=key_id)),
        (client.disable_key, models.DisableKeyRequest(key_id=key_id)),
    ]:
        with refused("Rejected.StateModifiedFailed", 409):
            call(request)
    client.cancel_key_deletion(models.CancelKeyDeletionRequest(key_id=key_id))
    assert state().key_state == "Enabled"
    with refused("Rejected.StateModifiedFailed", 409):
        client.cancel_key_deletion(models.CancelKeyDeletionRequest(key_id=key_id))
    with refused("Forbidden.KeyNotFound", 404):
        client.describe_key(models.DescribeKeyRequest(key_id="no-such-key"))


def life_cycle_with_core_sdk():
    from aliyunsdkkms.request.v20160120.CreateKeyRequest import CreateKeyRequest
    from aliyunsdkkms.request.v20160120.DecryptRequest import DecryptRequest
    from aliyunsdkkms.request.v20160120.DescribeKeyRequest import DescribeKeyRequest
    from aliyunsdkkms.request.v20160120.DisableKeyRequest import DisableKeyRequest
    from aliyunsdkkms.request.v20160120.EncryptRequest import EncryptRequest
    from aliyunsdkkms.request.v20160120.GenerateDataKeyRequest import GenerateDataKeyRequest

    client = CoreClient()
    key_id = client.call(CreateKeyRequest(), Description="a + b")["KeyMetadata"]["KeyId"]
    metadata = client.call(DescribeKeyRequest(), KeyId=key_id)["KeyMetadata"]
    assert (metadata["Description"], metadata["KeyState"]) == ("a + b", "Enabled")

    context = json.dumps(CONTEXT)
    data_key = client.call(GenerateDataKeyRequest(), KeyId=key_id, EncryptionContext=context)
    opened = client.call(DecryptRequest(), CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == data_key["Plaintext"]

    plaintext = base64.b64encode(b"log").decode()
    sealed = client.call(EncryptRequest(), KeyId=key_id, Plaintext=plaintext)
    assert sealed["KeyId"] == key_id
    client.call(DisableKeyRequest(), KeyId=key_id)
    with refused("Rejected.Disabled", 409):
        client.call(DecryptRequest(), CiphertextBlob=sealed["CiphertextBlob"])
    with refused("Forbidden.KeyNotFound", 404):
        client.call(DescribeKeyRequest(), KeyId="no-such-key")


def sealing_with_a_context():
    from alibabacloud_kms20160120 import models

    client, key_id = kms_client(), make_key()
    plaintext = base64.b64encode(bytes(range(256))).decode()
    sealed = client.encrypt(
        models.EncryptRequest(key_id=key_id, plaintext=plaintext, encryption_context=CONTEXT)
    ).body
    again = client.encrypt(
        models.EncryptRequest(key_id=key_id, plaintext=plaintext, encryption_context=CONTEXT)
    ).body
    assert sealed.ciphertext_blob != again.ciphertext_blob

    def opened(blob, context):
        return client.decrypt(models.DecryptRequest(ciphertext_blob=blob, encryption_context=context)).body

    assert opened(sealed.ciphertext_blob, CONTEXT).plaintext == plaintext
    assert opened(sealed.ciphertext_blob, CONTEXT).key_id == key_id
    # Compared as a map, not as a text.
    assert opened(sealed.ciphertext_blob, dict(reversed(list(CONTEXT.items())))).plaintext == plaintext
    for context in [None, {"project": "audit-project"}, dict(CONTEXT, logstore="web-log")]:
        with refused("InvalidParameter", 400):
            opened(sealed.ciphertext_blob, context)
    blob = sealed.ciphertext_blob
    middle = len(blob) // 2
    changed = blob[:middle] + ("A" if blob[middle] != "A" else "B") + blob[middle + 1 :]
    with refused("InvalidParameter", 400):
        opened(changed, CONTEXT)


def data_keys():
    from alibabacloud_kms20160120 import models

    client, key_id = kms_client(), make_key()
    for settings, length in [({}, 32), ({"key_spec": "AES_128"}, 16), ({"number_of_bytes": 64}, 64)]:
        made = client.generate_data_key(
            models.GenerateDataKeyRequest(key_id=key_id, encryption_context=CONTEXT, **settings)
        ).body
        assert len(base64.b64decode(made.plaintext)) == length
        opened = client.decrypt(
            models.DecryptRequest(ciphertext_blob=made.ciphertext_blob, encryption_context=CONTEXT)
        ).body
        assert opened.plaintext == made.plaintext
    wrapped = client.generate_data_key_without_plaintext(
        models.GenerateDataKeyWithoutPlaintextRequest(key_id=key_id)
    ).body
    assert "Plaintext" not in wrapped.to_map()
    opened = client.decrypt(models.DecryptRequest(ciphertext_blob=wrapped.ciphertext_blob)).body
    assert len(base64.b64decode(opened.plaintext)) == 32


def a_key_that_is_not_enabled_seals_and_opens_nothing():
    from alibabacloud_kms20160120 import models

    client, key_id = kms_client(), make_key()
    plaintext = base64.b64encode(b"log").decode()
    blob = client.encrypt(models.EncryptRequest(key_id=key_id, plaintext=plaintext)).body.ciphertext_blob
    uses = [
        (client.encrypt, models.EncryptRequest(key_id=key_id, plaintext=plaintext)),
        (client.decrypt, models.DecryptRequest(ciphertext_blob=blob)),
        (client.generate_data_key, models.GenerateDataKeyRequest(key_id=key_id)),
    ]
    client.disable_key(models.DisableKeyRequest(key_id=key_id))
    for call, request in uses:
        with refused("Rejected.Disabled", 409):
            call(request)
    client.schedule_key_deletion(models.ScheduleKeyDeletionRequest(key_id=key_id, pending_window_in_days=7))
    for call, request in uses:
        with refused("Rejected.PendingDeletion", 409):
            call(request)
    client.cancel_key_deletion(models.CancelKeyDeletionRequest(key_id=key_id))
    for call, request in uses:
        call(request)


def aliases():
    from alibabacloud_kms20160120 import models

    client, key_id = kms_client(), make_key()
    client.create_alias(models.CreateAliasRequest(alias_name="alias/logs", key_id=key_id))
    described = client.describe_key(models.DescribeKeyRequest(key_id="alias/logs")).body.key_metadata
    assert described.key_id == key_id
    listed = client.list_aliases(models.ListAliasesRequest()).body.aliases.alias
    assert [(alias.alias_name, alias.key_id) for alias in listed] == [("alias/logs", key_id)]
    other = make_key()
    client.update_alias(models.UpdateAliasRequest(alias_name="alias/logs", key_id=other))
    for of, names in [(key_id, []), (other, ["alias/logs"])]:
        listed = client.list_aliases_by_key_id(models.ListAliasesByKeyIdRequest(key_id=of)).body
        assert [alias.alias_name for alias in listed.aliases.alias] == names
    plaintext = base64.b64encode(b"log").decode()
    sealed = client.encrypt(models.EncryptRequest(key_id="alias/logs", plaintext=plaintext)).body
    assert sealed.key_id == other
    client.delete_alias(models.DeleteAliasRequest(alias_name="alias/logs"))
    with refused("Forbidden.AliasNotFound", 404):
        client.describe_key(models.DescribeKeyRequest(key_id="alias/logs"))


def rotation():
    from alibabacloud_kms20160120 import models

    client = kms_client()
    created = client.create_key(
        models.CreateKeyRequest(enable_automatic_rotation=True, rotation_interval="365d")
    ).body.key_metadata
    assert (created.automatic_rotation, created.rotation_interval) == ("Enabled", "31536000s")
    versions = client.list_key_versions(models.ListKeyVersionsRequest(key_id=created.key_id)).body
    [version] = versions.key_versions.key_version
    assert version.key_version_id == created.primary_key_version
    request = models.DescribeKeyVersionRequest(key_id=created.key_id, key_version_id=version.key_version_id)
    described = client.describe_key_version(request).body.key_version
    assert described.key_version_id == version.key_version_id
    client.update_rotation_policy(
        models.UpdateRotationPolicyRequest(key_id=created.key_id, enable_automatic_rotation=False)
    )
    described = client.describe_key(models.DescribeKeyRequest(key_id=created.key_id)).body.key_metadata
    assert described.automatic_rotation == "Disabled"


def users_need_permission():
    from alibabacloud_kms20160120 import models
    from alibabacloud_ram20150501 import models as ram

    key_id = make_key()
    alice = kms_client(ALICE)
    with refused("Forbidden.NoPermission", 403):
        alice.describe_key(models.DescribeKeyRequest(key_id=key_id))
    ram_client().attach_policy_to_user(
        ram.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunKMSReadOnlyAccess", user_name="alice"
        )
    )
    alice.describe_key(models.DescribeKeyRequest(key_id=key_id))
    with refused("Forbidden.NoPermission", 403):
        alice.generate_data_key(models.GenerateDataKeyRequest(key_id=key_id))
