// KMS by @alicloud/kms20160120 and @alicloud/pop-core, and what a key does to the logs under it.
'use strict';

const assert = require('node:assert/strict');

const { PROTOCOLS, REGION, ROOT, kmsClient, logClient, popCaller } = require('./clients');
const { LOGSTORE, PROJECT, encryptionOf, makeByokRole, makeKey, makeLogstore, put, read } = require('./given');
const { refused } = require('./refused');

const PLAINTEXT = Buffer.from('who did what').toString('base64');

exports.life_cycle_with_newer_sdk = async () => {
  const models = require('@alicloud/kms20160120');
  for (const protocol of PROTOCOLS) {
    const client = kmsClient(ROOT, protocol);
    const { keyId } = (await client.createKey(new models.CreateKeyRequest({ description: 'of logs' }))).keyMetadata;
    const encrypt = () => client.encrypt(new models.EncryptRequest({ keyId, plaintext: PLAINTEXT }));
    const { ciphertextBlob } = await encrypt();
    const decrypted = await client.decrypt(new models.DecryptRequest({ ciphertextBlob }));
    assert.deepEqual([decrypted.plaintext, decrypted.keyId], [PLAINTEXT, keyId]);

    await client.disableKey(new models.DisableKeyRequest({ keyId }));
    const { keyMetadata } = await client.describeKey(new models.DescribeKeyRequest({ keyId }));
    assert.deepEqual([keyMetadata.keyState, keyMetadata.description], ['Disabled', 'of logs']);
    await refused(encrypt(), 'Rejected.Disabled');
    await client.enableKey(new models.EnableKeyRequest({ keyId }));
    await encrypt();
    await refused(client.describeKey(new models.DescribeKeyRequest({ keyId: 'none' })), 'Forbidden.KeyNotFound');
  }
};

exports.life_cycle_with_older_sdk = async () => {
  for (const protocol of PROTOCOLS) {
    const call = popCaller('kms', ROOT, protocol);
    const { KeyId } = (await call('CreateKey', { Description: 'of logs' })).KeyMetadata;
    const EncryptionContext = JSON.stringify({ team: 'security' });
    const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext: PLAINTEXT, EncryptionContext });
    assert.equal((await call('Decrypt', { CiphertextBlob, EncryptionContext })).Plaintext, PLAINTEXT);
    await refused(call('Decrypt', { CiphertextBlob }), 'InvalidParameter');

    await call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await refused(call('Decrypt', { CiphertextBlob, EncryptionContext }), 'Rejected.PendingDeletion');
    await call('CancelKeyDeletion', { KeyId });
    assert.equal((await call('DescribeKey', { KeyId })).KeyMetadata.KeyState, 'Enabled');
  }
};

// It sends each member as a parameter of its own, which nobody may pass over: the context protects the ciphertext.
exports.a_context_that_the_newer_sdk_sends_is_refused = async () => {
  const models = require('@alicloud/kms20160120');
  const request = { keyId: await makeKey(), plaintext: PLAINTEXT, encryptionContext: { team: 'security' } };
  await refused(kmsClient().encrypt(new models.EncryptRequest(request)), 'InvalidParameter');
};

exports.a_disabled_key_stops_reads_and_writes_until_it_is_back = async () => {
  const models = require('@alicloud/kms20160120');
  const keyId = await makeKey();
  const arn = await makeByokRole();
  const sls = require('@alicloud/sls20201230');
  const userCmkInfo = new sls.EncryptUserCmkConf({ cmkKeyId: keyId, arn, regionId: REGION });
  await makeLogstore({ enable: true, encryptType: 'default', userCmkInfo });
  const client = logClient();
  await put(client, 'before');
  assert.deepEqual(await read(client), ['before']);

  await kmsClient().disableKey(new models.DisableKeyRequest({ keyId }));
  await refused(put(client, 'while it is off'), 'ParameterInvalid', 'Rejected.Disabled');
  await refused(read(client), 'ParameterInvalid', 'Rejected.Disabled');
  assert.equal((await encryptionOf(LOGSTORE)).enable, true);

  await kmsClient().enableKey(new models.EnableKeyRequest({ keyId }));
  await put(client, 'after');
  assert.deepEqual((await read(client)).sort(), ['after', 'before']);
  assert.deepEqual((await client.listLogStore(PROJECT)).logstores, [LOGSTORE]);
};
