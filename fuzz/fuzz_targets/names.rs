//! The body, and what must hold, are in `provider::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provider::fuzzing::names(bytes));
