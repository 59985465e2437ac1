// Roles and policies of RAM by @alicloud/ram20150501 and @alicloud/pop-core.
'use strict';

const assert = require('node:assert/strict');

const { ACCOUNT, PROTOCOLS, ROOT, popCaller, ramClient } = require('./clients');
const { document } = require('./given');
const { refused } = require('./refused');

const TRUST = document({ Action: 'sts:AssumeRole', Principal: { Service: ['log.aliyuncs.com'] } });
const POLICY = document({ Action: ['log:Get*'], Resource: '*' });

exports.life_cycle_with_newer_sdk = async () => {
  const models = require('@alicloud/ram20150501');
  for (const protocol of PROTOCOLS) {
    const client = ramClient(ROOT, protocol);
    const create = new models.CreateRoleRequest({ roleName: 'sls', assumeRolePolicyDocument: TRUST });
    const { role } = (await client.createRole(create)).body;
    assert.equal(role.arn, `acs:ram::${ACCOUNT}:role/sls`);
    await refused(client.createRole(create), 'EntityAlreadyExists.Role');

    const policy = { policyType: 'Custom', policyName: 'read-logs' };
    await client.createPolicy(new models.CreatePolicyRequest({ ...policy, policyDocument: POLICY }));
    const attachment = { ...policy, roleName: 'sls' };
    await client.attachPolicyToRole(new models.AttachPolicyToRoleRequest(attachment));
    const list = await client.listPoliciesForRole(new models.ListPoliciesForRoleRequest({ roleName: 'sls' }));
    assert.deepEqual(list.body.policies.policy.map((each) => each.policyName), ['read-logs']);
    await refused(client.deleteRole(new models.DeleteRoleRequest({ roleName: 'sls' })), 'DeleteConflict.Role.Policy');

    await client.detachPolicyFromRole(new models.DetachPolicyFromRoleRequest(attachment));
    await client.deleteRole(new models.DeleteRoleRequest({ roleName: 'sls' }));
    await client.deletePolicy(new models.DeletePolicyRequest({ policyName: 'read-logs' }));
    await refused(client.getRole(new models.GetRoleRequest({ roleName: 'sls' })), 'EntityNotExist.Role');
  }
};

exports.life_cycle_with_older_sdk = async () => {
  for (const protocol of PROTOCOLS) {
    const call = popCaller('ram', ROOT, protocol);
    const { Role } = await call('CreateRole', { RoleName: 'sls', AssumeRolePolicyDocument: TRUST });
    assert.deepEqual(JSON.parse(Role.AssumeRolePolicyDocument), JSON.parse(TRUST));
    await call('CreatePolicy', { PolicyName: 'read-logs', PolicyDocument: POLICY });
    const attachment = { PolicyType: 'Custom', PolicyName: 'read-logs', RoleName: 'sls' };
    await call('AttachPolicyToRole', attachment);
    await refused(call('AttachPolicyToRole', attachment), 'EntityAlreadyExists.Role.Policy');
    await refused(call('DeletePolicy', { PolicyName: 'read-logs' }), 'DeleteConflict.Policy.Role');
    await call('DetachPolicyFromRole', attachment);
    await call('DeleteRole', { RoleName: 'sls' });
    await call('DeletePolicy', { PolicyName: 'read-logs' });
    await refused(call('CreatePolicy', { PolicyName: 'bad', PolicyDocument: '{}' }), 'MalformedPolicyDocument');
  }
};
