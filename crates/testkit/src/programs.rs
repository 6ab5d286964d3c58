//! The workspace's own programs, for tests that start them.

use std::path::PathBuf;

/// The path of a program that was built with the tests.
///
/// # Panics
///
/// If the program does not exist; the message says what to build.
pub fn program(name: &str) -> PathBuf {
    let path = build_directory(2).join(name);
    assert!(
        path.exists(),
        "{} is missing: build the programs first, by `tests/run test` or `cargo build --workspace --bins`",
        path.display()
    );
    path
}

/// Cargo's target directory, where tests may leave files for later inspection.
pub fn target_directory() -> PathBuf {
    build_directory(3)
}

/// Tests are in target/<profile>/deps, programs one level above.
fn build_directory(above: usize) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    test.ancestors().nth(above).expect("a folder above the tests'").to_owned()
}
