// What the clients throw when a call is refused: each family its own error, with code and request id.
'use strict';

const assert = require('node:assert/strict');

// How each family is known, and where it has code and request id.
const FAMILIES = [
  { is: (error) => 'requestid' in error, read: (error) => ({ code: error.code, id: error.requestid }) },
  { is: (error) => error.data?.httpCode, read: (error) => ({ code: error.code, id: error.data.requestId }) },
  { is: (error) => error.requestId, read: (error) => ({ code: error.code, id: error.requestId }) },
  { is: (error) => error.data?.RequestId, read: (error) => ({ code: error.data.Code, id: error.data.RequestId }) },
];

/** Wants a call to be refused with this code, and this in the message. */
async function refused(call, code, says = '') {
  const error = await call.then(
    (answer) => assert.fail(`not refused, but answered ${JSON.stringify(answer)}; expected ${code}`),
    (error) => error,
  );
  const family = FAMILIES.find(({ is }) => is(error));
  if (!family) throw error;
  const found = family.read(error);
  assert.equal(found.code, code, error.message);
  assert.ok(error.message.includes(says), error.message);
  assert.match(found.id, /^[0-9A-F-]{24,36}$/);
}

module.exports = { refused };
