//! What holds for the tree as a whole is tested in `tests/`; here is the text of `deploy/configuration.md`.

pub mod configuration;
