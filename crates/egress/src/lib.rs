//! The guarded HTTP client: addresses checked, redirects refused, sizes and times limited.
