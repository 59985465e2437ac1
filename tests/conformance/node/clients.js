// The official clients for Node.js, pointed at the emulator of this scenario.
//
// Nothing of them is replaced. They get the real endpoints: `global-agent`, which is loaded before the scenario, sends all
// requests through the emulator as their proxy, in a tunnel if they are made over TLS. Each client is loaded where it is
// made: a scenario loads only those it uses.
'use strict';

const ACCOUNT = '1234567890123456';
const REGION = 'cn-hangzhou';
const PROTOCOLS = ['http', 'https'];

// Those of seed.json: the account's own, and that of a RAM user who may do nothing. A session's has a token.
const ROOT = { id: 'ak-root', secret: 'sk-root' };
const ALICE = { id: 'ak-alice', secret: 'sk-alice' };

/** SLS of @alicloud/log. */
function logClient(key = ROOT, protocol = 'http') {
  const Client = require('@alicloud/log');
  return new Client({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    endpoint: `${protocol}://${REGION}.log.aliyuncs.com`,
  });
}

/** SLS of @alicloud/sls20201230. */
function slsClient(key = ROOT, protocol = 'http', signatureVersion = 'v1') {
  const { default: Client } = require('@alicloud/sls20201230');
  return new Client(newerConfig(key, `${REGION}.log.aliyuncs.com`, protocol, { signatureVersion }));
}

/** RAM of @alicloud/ram20150501. */
function ramClient(key = ROOT, protocol = 'http') {
  const { default: Client } = require('@alicloud/ram20150501');
  return new Client(newerConfig(key, 'ram.aliyuncs.com', protocol));
}

/** STS of @alicloud/sts20150401. */
function stsClient(key = ROOT, protocol = 'http') {
  const { default: Client } = require('@alicloud/sts20150401');
  return new Client(newerConfig(key, `sts.${REGION}.aliyuncs.com`, protocol));
}

/** KMS of @alicloud/kms20160120. */
function kmsClient(key = ROOT, protocol = 'http') {
  const { default: Client } = require('@alicloud/kms20160120');
  const { Config } = require('@alicloud/rpc-client');
  return new Client(new Config(config(key, `kms.${REGION}.aliyuncs.com`, protocol)));
}

/** Any of RAM, KMS and STS by @alicloud/pop-core: a function that calls an action. */
function popCaller(service, key = ROOT, protocol = 'http') {
  const { RPCClient } = require('@alicloud/pop-core');
  const { host, apiVersion } = {
    kms: { host: `kms.${REGION}.aliyuncs.com`, apiVersion: '2016-01-20' },
    ram: { host: 'ram.aliyuncs.com', apiVersion: '2015-05-01' },
    sts: { host: `sts.${REGION}.aliyuncs.com`, apiVersion: '2015-04-01' },
  }[service];
  const client = new RPCClient({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    endpoint: `${protocol}://${host}`,
    apiVersion,
  });
  return (action, parameters = {}) => client.request(action, parameters, { method: 'POST' });
}

/** STS of @alicloud/sts-sdk, which speaks TLS only. */
function olderStsClient(key = ROOT) {
  const Client = require('@alicloud/sts-sdk');
  return new Client({ endpoint: 'sts.aliyuncs.com', accessKeyId: key.id, accessKeySecret: key.secret });
}

function newerConfig(key, endpoint, protocol, more = {}) {
  const { $OpenApiUtil } = require('@alicloud/openapi-core');
  return new $OpenApiUtil.Config({ ...config(key, endpoint, protocol), ...more });
}

function config(key, endpoint, protocol) {
  return {
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    endpoint,
    protocol,
    regionId: REGION,
  };
}

module.exports = {
  ACCOUNT,
  ALICE,
  PROTOCOLS,
  REGION,
  ROOT,
  kmsClient,
  logClient,
  olderStsClient,
  popCaller,
  ramClient,
  slsClient,
  stsClient,
};
