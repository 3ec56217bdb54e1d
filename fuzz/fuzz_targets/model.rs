//! Runs the law of the same name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bindnet_fuzz::model::check(data));
