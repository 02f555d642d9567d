#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::model_run(data));
