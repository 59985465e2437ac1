//! The body, and what must hold, are in `storage::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storage::fuzzing::block(bytes));
