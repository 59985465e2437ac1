// SLS by @alicloud/sls20201230.
'use strict';

const assert = require('node:assert/strict');

const { PROTOCOLS, REGION, ROOT, logClient, slsClient } = require('./clients');
const { LOGSTORE, PROJECT, createLogstore, encryptionOf, makeByokRole, makeKey, makeLogstore, put } = require('./given');
const { refused } = require('./refused');

exports.life_cycle_of_a_project_and_a_logstore = async () => {
  const models = require('@alicloud/sls20201230');
  for (const protocol of PROTOCOLS) {
    for (const version of ['v1', 'v4']) {
      const client = slsClient(ROOT, protocol, version);
      await client.createProject(new models.CreateProjectRequest({ projectName: PROJECT, description: version }));
      assert.equal((await client.getProject(PROJECT)).body.description, version);

      const logstore = { logstoreName: LOGSTORE, ttl: 10, shardCount: 2 };
      await client.createLogStore(PROJECT, new models.CreateLogStoreRequest(logstore));
      const update = { logstoreName: LOGSTORE, ttl: 20, appendMeta: true };
      await client.updateLogStore(PROJECT, LOGSTORE, new models.UpdateLogStoreRequest(update));
      const { ttl, appendMeta, shardCount } = (await client.getLogStore(PROJECT, LOGSTORE)).body;
      assert.deepEqual({ ttl, appendMeta, shardCount }, { ttl: 20, appendMeta: true, shardCount: 2 });
      const list = await client.listLogStores(PROJECT, new models.ListLogStoresRequest({}));
      assert.deepEqual(list.body.logstores, [LOGSTORE]);

      await client.deleteLogStore(PROJECT, LOGSTORE);
      await refused(client.getLogStore(PROJECT, LOGSTORE), 'LogStoreNotExist');
      await client.deleteProject(PROJECT, new models.DeleteProjectRequest({}));
      await refused(client.getProject(PROJECT), 'ProjectNotExist');
    }
  }
};

exports.encryption_with_a_key_of_the_service = async () => {
  const models = require('@alicloud/sls20201230');
  await makeLogstore();
  const client = slsClient();
  const update = (conf, more = {}) => {
    const encryptConf = conf && new models.EncryptConf(conf);
    const request = { logstoreName: LOGSTORE, ttl: 30, encryptConf, ...more };
    return client.updateLogStore(PROJECT, LOGSTORE, new models.UpdateLogStoreRequest(request));
  };
  await update({ enable: true, encryptType: 'sm4_gcm' });
  assert.deepEqual(await encryptionOf(LOGSTORE), { enable: true, encrypt_type: 'sm4_gcm' });

  await refused(update({ enable: true, encryptType: 'aes_gcm' }), 'ParameterInvalid');
  await refused(update(undefined, { ttl: 40 }), 'ParameterInvalid');
  await refused(createLogstore('bad', { enable: true, encryptType: 'des' }), 'LogStoreInfoInvalid', 'encrypt_type');
  await update({ enable: false, encryptType: 'sm4_gcm' }, { ttl: 40 });
  assert.deepEqual(await encryptionOf(LOGSTORE), { enable: false, encrypt_type: 'sm4_gcm' });
  assert.equal((await client.getLogStore(PROJECT, LOGSTORE)).body.ttl, 40);
};

exports.encryption_with_a_key_of_the_customer = async () => {
  const models = require('@alicloud/sls20201230');
  const info = { cmkKeyId: await makeKey(), arn: await makeByokRole(), regionId: REGION };
  const conf = (changes = {}) => ({
    enable: true,
    encryptType: 'default',
    userCmkInfo: new models.EncryptUserCmkConf({ ...info, ...changes }),
  });
  await makeLogstore(conf());
  const stored = { cmk_key_id: info.cmkKeyId, arn: info.arn, region_id: REGION };
  assert.deepEqual(await encryptionOf(LOGSTORE), { enable: true, encrypt_type: 'default', user_cmk_info: stored });

  const says = { cmkKeyId: 'Forbidden.KeyNotFound', arn: 'EntityNotExist.Role' };
  for (const [member, code] of Object.entries(says)) {
    await refused(createLogstore('bad', conf({ [member]: `${info[member]}x` })), 'ParameterInvalid', code);
  }
  const encryptConf = new models.EncryptConf(conf({ cmkKeyId: await makeKey() }));
  const request = new models.UpdateLogStoreRequest({ logstoreName: LOGSTORE, ttl: 30, encryptConf });
  await refused(slsClient().updateLogStore(PROJECT, LOGSTORE, request), 'ParameterInvalid');
};

exports.update_log_store_encryption = async () => {
  const models = require('@alicloud/sls20201230');
  await makeLogstore();
  const client = slsClient();
  const update = (members) => {
    const request = new models.UpdateLogStoreEncryptionRequest(members);
    return client.updateLogStoreEncryption(PROJECT, LOGSTORE, request);
  };
  await update({ enable: true, encryptType: 'aes_gcm' });
  await update({ enable: false });
  assert.deepEqual(await encryptionOf(LOGSTORE), { enable: false, encrypt_type: 'aes_gcm' });
  await refused(update({ enable: true, encryptType: 'sm4_gcm' }), 'ParameterInvalid');
};

// What is named gzip is a zlib stream to this client.
exports.logs_are_read_in_every_compression_that_it_knows = async () => {
  const models = require('@alicloud/sls20201230');
  const { RuntimeOptions } = require('@darabonba/typescript');
  await makeLogstore();
  await put(logClient(), 'who did what');
  const now = Math.floor(Date.now() / 1000);
  for (const acceptEncoding of ['lz4', 'deflate', 'gzip']) {
    const request = new models.GetLogsV2Request({ from: now - 60, to: now + 60 });
    const headers = new models.GetLogsV2Headers({ acceptEncoding });
    const answer = await slsClient().getLogsV2WithOptions(PROJECT, LOGSTORE, request, headers, new RuntimeOptions({}));
    assert.equal(answer.headers['x-log-compresstype'], acceptEncoding);
    assert.deepEqual(answer.body.data.map((log) => log.message), ['who did what']);
  }
};
