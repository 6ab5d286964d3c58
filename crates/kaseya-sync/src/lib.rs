//! The operator's program.
