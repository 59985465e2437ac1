// What scenarios need to be there before they begin, made through the SDKs as well.
'use strict';

const { ACCOUNT, kmsClient, logClient, ramClient, slsClient } = require('./clients');

const PROJECT = 'audit-project';
const LOGSTORE = 'app-log';

/** The id of a new key. */
async function makeKey() {
  const { CreateKeyRequest } = require('@alicloud/kms20160120');
  const answer = await kmsClient().createKey(new CreateKeyRequest({}));
  return answer.keyMetadata.keyId;
}

/** A policy document of one statement. */
function document(statement) {
  return JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', ...statement }] });
}

/** The ARN of a new role that a service, or with `RAM` an identity, may assume. */
async function makeRole(name, principal, policies) {
  const models = require('@alicloud/ram20150501');
  const client = ramClient();
  const trust = document({ Action: 'sts:AssumeRole', Principal: principal });
  const answer = await client.createRole(
    new models.CreateRoleRequest({ roleName: name, assumeRolePolicyDocument: trust }),
  );
  for (const policyName of policies) {
    await client.attachPolicyToRole(
      new models.AttachPolicyToRoleRequest({ policyType: 'System', policyName, roleName: name }),
    );
  }
  return answer.body.role.arn;
}

/** The ARN of a new role through which SLS may use keys. */
function makeByokRole() {
  const policies = ['AliyunKMSReadOnlyAccess', 'AliyunKMSCryptoUserAccess'];
  return makeRole('sls-byok', { Service: ['log.aliyuncs.com'] }, policies);
}

/** The ARN of a new role that reads logs and keys, and that alice may assume. */
async function makeReader() {
  const models = require('@alicloud/ram20150501');
  const arn = await makeRole('reader', { RAM: [`acs:ram::${ACCOUNT}:root`] }, ['AliyunLogReadOnlyAccess']);
  const policyDocument = document({ Action: 'sts:AssumeRole', Resource: arn });
  const client = ramClient();
  await client.createPolicy(new models.CreatePolicyRequest({ policyName: 'be-reader', policyDocument }));
  await client.attachPolicyToUser(
    new models.AttachPolicyToUserRequest({ policyType: 'Custom', policyName: 'be-reader', userName: 'alice' }),
  );
  return arn;
}

/** Makes a project with a Logstore of one shard. */
async function makeLogstore(encryptConf) {
  await logClient().createProject(PROJECT, { description: '' });
  await createLogstore(LOGSTORE, encryptConf);
}

/** Makes a Logstore with this encryption. */
async function createLogstore(name, encryptConf) {
  const models = require('@alicloud/sls20201230');
  const request = { logstoreName: name, ttl: 30, shardCount: 1 };
  if (encryptConf) request.encryptConf = new models.EncryptConf(encryptConf);
  await slsClient().createLogStore(PROJECT, new models.CreateLogStoreRequest(request));
}

/** What `GetLogStore` says of the encryption. */
async function encryptionOf(name) {
  const logstore = await logClient().getLogStore(PROJECT, name);
  return logstore.encrypt_conf;
}

/** Writes one log by @alicloud/log. */
function put(client, message) {
  const timestamp = Math.floor(Date.now() / 1000);
  return client.postLogStoreLogs(PROJECT, LOGSTORE, { logs: [{ content: { message }, timestamp }] });
}

/** The messages of all logs by @alicloud/log. */
async function read(client) {
  const minute = 60_000;
  const logs = await client.getLogs(PROJECT, LOGSTORE, new Date(Date.now() - minute), new Date(Date.now() + minute));
  return logs.map((log) => log.message);
}

module.exports = {
  LOGSTORE,
  PROJECT,
  createLogstore,
  document,
  encryptionOf,
  makeByokRole,
  makeKey,
  makeLogstore,
  makeReader,
  put,
  read,
};
