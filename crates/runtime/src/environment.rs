//! Environment variables.

/// Prefix of all our variables.
pub(crate) const ENV_PREFIX: &str = "KASEYA_SYNC_";

/// The environment variable that sets `key`.
pub(crate) fn variable(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
