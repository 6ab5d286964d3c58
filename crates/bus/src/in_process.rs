//! The bus inside one process.

/// The bus of `kaseya-sync demo` and `standalone`, and of most tests.
#[derive(Debug, Clone)]
pub struct InProcess {}
