//! The fuzzing program: libFuzzer, for the parser that `KASEYA_SYNC_PARSER` names.

#![no_main]

use std::sync::LazyLock;

static PARSER: LazyLock<fuzz::Parser> = LazyLock::new(|| {
    let name = std::env::var("KASEYA_SYNC_PARSER").unwrap_or_default();
    fuzz::parser(&name).unwrap_or_else(|| panic!("KASEYA_SYNC_PARSER={name:?} names no parser"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (PARSER.feed)(bytes));
