//! The services together are tested in `tests/`.
