//! The body, and what must hold, are in `schema::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| schema::fuzzing::msgpack(bytes));
