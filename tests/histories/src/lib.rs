//! The histories are in `tests/`.
