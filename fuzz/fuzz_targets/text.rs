//! The body, and what must hold, are in `text::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| text::fuzzing::text(bytes));
