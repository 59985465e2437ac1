//! The body, and what must hold, are in `plugin::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| plugin::fuzzing::rpc(bytes));
