// Runs one scenario: a function that a file of this folder exports.
//
//     EMULATOR=127.0.0.1:8700 node run.js <file> <function>
//
// Scenarios are independent of each other; each has an emulator to itself.
'use strict';

// Milliseconds. The clients retry, some of them for minutes.
const PATIENCE = 120_000;

setTimeout(() => {
  console.error(`the scenario has not ended after ${PATIENCE} ms`);
  process.exit(1);
}, PATIENCE).unref();

const [file, name] = process.argv.slice(2);
(async () => require(`./${file}`)[name]())().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
