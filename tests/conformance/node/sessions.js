// Sessions of STS by @alicloud/sts20150401, @alicloud/pop-core and @alicloud/sts-sdk, and what other clients do with them.
'use strict';

const assert = require('node:assert/strict');

const { ACCOUNT, ALICE, PROTOCOLS } = require('./clients');
const { logClient, olderStsClient, popCaller, ramClient, slsClient, stsClient } = require('./clients');
const { LOGSTORE, PROJECT, makeLogstore, makeReader, put, read } = require('./given');
const { refused } = require('./refused');

exports.assumed_with_newer_sdk = async () => {
  const models = require('@alicloud/sts20150401');
  const roleArn = await givenLogsAndReader();
  const request = new models.AssumeRoleRequest({ roleArn, roleSessionName: 's1' });
  for (const protocol of PROTOCOLS) {
    const { credentials, assumedRoleUser } = (await stsClient(ALICE, protocol).assumeRole(request)).body;
    assert.equal(assumedRoleUser.arn, `acs:ram::${ACCOUNT}:role/reader/s1`);
    const { accessKeyId: id, accessKeySecret: secret, securityToken: token } = credentials;
    await readsAndDoesNotWrite({ id, secret, token }, protocol);
    const caller = (await stsClient({ id, secret, token }, protocol).getCallerIdentity()).body;
    assert.equal(caller.identityType, 'AssumedRoleUser');
  }
  const other = new models.AssumeRoleRequest({ roleArn: `${roleArn}x`, roleSessionName: 's1' });
  await refused(stsClient().assumeRole(other), 'EntityNotExist.Role');
};

exports.assumed_with_pop_core = async () => {
  const RoleArn = await givenLogsAndReader();
  for (const protocol of PROTOCOLS) {
    const call = popCaller('sts', ALICE, protocol);
    const { Credentials } = await call('AssumeRole', { RoleArn, RoleSessionName: 's1', DurationSeconds: 900 });
    await readsAndDoesNotWrite(keyOf(Credentials), protocol);
    const tooShort = call('AssumeRole', { RoleArn, RoleSessionName: 's1', DurationSeconds: 1 });
    await refused(tooShort, 'InvalidParameter.DurationSeconds');
  }
};

// Its time stamps have milliseconds.
exports.assumed_with_sts_sdk = async () => {
  const arn = await givenLogsAndReader();
  assert.equal((await olderStsClient(ALICE).getCallerIdentity()).Arn, `acs:ram::${ACCOUNT}:user/alice`);
  const { Credentials } = await olderStsClient(ALICE).assumeRole(arn, 's1');
  await readsAndDoesNotWrite(keyOf(Credentials), 'https');
  // It gives a refusal back as an answer.
  assert.equal((await olderStsClient(ALICE).assumeRole(`${arn}x`, 's1')).Code, 'NoPermission');
};

/** Writes a log, and makes the role: its ARN. */
async function givenLogsAndReader() {
  await makeLogstore();
  await put(logClient(), 'who did what');
  return makeReader();
}

function keyOf({ AccessKeyId, AccessKeySecret, SecurityToken }) {
  return { id: AccessKeyId, secret: AccessKeySecret, token: SecurityToken };
}

/** The role of the session reads logs, and may do nothing else. */
async function readsAndDoesNotWrite(key, protocol) {
  const models = require('@alicloud/ram20150501');
  assert.deepEqual(await read(logClient(key, protocol)), ['who did what']);
  assert.equal((await slsClient(key, protocol, 'v4').getLogStore(PROJECT, LOGSTORE)).body.logstoreName, LOGSTORE);
  await refused(put(logClient(key, protocol), 'more'), 'Unauthorized');
  await refused(ramClient(key, protocol).listRoles(new models.ListRolesRequest({})), 'NoPermission');
}
