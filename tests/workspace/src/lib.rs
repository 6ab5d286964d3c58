//! What holds for the tree as a whole is tested in `tests/`; here is what those tests read, and the text of
//! `deploy/configuration.md`.

pub mod configuration;
pub mod tree;
