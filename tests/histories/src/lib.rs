//! Histories are in `tests/`.
