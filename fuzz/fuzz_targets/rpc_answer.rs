//! The body, and what must hold, are in `cloud::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cloud::fuzzing::rpc_answer(bytes));
