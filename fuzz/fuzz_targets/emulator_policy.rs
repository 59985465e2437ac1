//! The body, and what must hold, are in `emulator::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| emulator::fuzzing::emulator_policy(bytes));
