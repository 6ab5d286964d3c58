//! What holds for the tree as a whole is tested in `tests/`.
