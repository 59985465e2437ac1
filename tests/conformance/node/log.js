// SLS by @alicloud/log.
'use strict';

const assert = require('node:assert/strict');

const { PROTOCOLS, ROOT, logClient } = require('./clients');
const { LOGSTORE, PROJECT, createLogstore, encryptionOf, makeLogstore, put, read } = require('./given');
const { refused } = require('./refused');

// It parses every answer that says it is JSON: one without a body says nothing.
exports.life_cycle_of_a_project_and_a_logstore = async () => {
  for (const protocol of PROTOCOLS) {
    const client = logClient(ROOT, protocol);
    assert.equal(await client.createProject(PROJECT, { description: 'of the audit' }), '');
    assert.equal((await client.getProject(PROJECT)).description, 'of the audit');
    await refused(client.createProject(PROJECT, { description: '' }), 'ProjectAlreadyExist');

    assert.equal(await client.createLogStore(PROJECT, LOGSTORE, { ttl: 10, shardCount: 2 }), '');
    await refused(client.createLogStore(PROJECT, LOGSTORE, { ttl: 10, shardCount: 2 }), 'LogStoreAlreadyExist');
    assert.deepEqual((await client.listLogStore(PROJECT)).logstores, [LOGSTORE]);
    assert.equal(await client.updateLogStore(PROJECT, LOGSTORE, { ttl: 20, shardCount: 2 }), '');
    const { ttl, shardCount } = await client.getLogStore(PROJECT, LOGSTORE);
    assert.deepEqual({ ttl, shardCount }, { ttl: 20, shardCount: 2 });

    assert.equal(await client.deleteLogStore(PROJECT, LOGSTORE), '');
    await refused(client.getLogStore(PROJECT, LOGSTORE), 'LogStoreNotExist');
    assert.equal(await client.deleteProject(PROJECT), '');
    await refused(client.getProject(PROJECT), 'ProjectNotExist');
  }
};

exports.logs_are_written_and_read = async () => {
  await makeLogstore({ enable: true, encryptType: 'aes_gcm' });
  for (const protocol of PROTOCOLS) {
    const client = logClient(ROOT, protocol);
    const timestamp = Math.floor(Date.now() / 1000);
    const logs = ['one', 'two'].map((message) => ({ content: { message, protocol }, timestamp, timestampNsPart: 7 }));
    const group = { logs, tags: [{ zone: 'h' }], topic: 'audit', source: '10.0.0.1' };
    assert.equal(await client.postLogStoreLogs(PROJECT, LOGSTORE, group), '');

    const around = [new Date((timestamp - 60) * 1000), new Date((timestamp + 60) * 1000)];
    const found = await client.getLogs(PROJECT, LOGSTORE, ...around, { topic: 'audit', query: `protocol: ${protocol}` });
    const contents = found.map(({ message, __topic__, __source__ }) => ({ message, __topic__, __source__ }));
    const expected = (message) => ({ message, __topic__: 'audit', __source__: '10.0.0.1' });
    assert.deepEqual(contents.sort((a, b) => a.message.localeCompare(b.message)), ['one', 'two'].map(expected));
  }
};

// This client knows nothing of the encryption, so its updates leave it out.
exports.an_update_without_the_encryption_is_refused = async () => {
  await makeLogstore();
  await createLogstore('encrypted', { enable: true, encryptType: 'sm4_gcm' });
  const client = logClient();
  await refused(client.updateLogStore(PROJECT, 'encrypted', { ttl: 20, shardCount: 1 }), 'ParameterInvalid');
  assert.deepEqual(await encryptionOf('encrypted'), { enable: true, encrypt_type: 'sm4_gcm' });
  await client.updateLogStore(PROJECT, LOGSTORE, { ttl: 20, shardCount: 1 });
};

exports.calls_that_are_signed_wrongly_are_refused = async () => {
  await makeLogstore();
  await put(logClient(), 'who did what');
  await refused(read(logClient({ ...ROOT, secret: 'another' })), 'SignatureNotMatch');
  await refused(read(logClient({ ...ROOT, id: 'another' })), 'Unauthorized');
  await refused(put(logClient({ ...ROOT, token: 'another' }), 'more'), 'Unauthorized');
  assert.deepEqual(await read(logClient()), ['who did what']);
};
