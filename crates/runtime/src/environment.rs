//! Environment variables.

/// Prefix of all our variables.
pub(crate) const ENV_PREFIX: &str = "KASEYA_SYNC_";

/// The environment variable that sets `key`.
pub(crate) fn variable(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The names of all empty variables in this process's environment.
pub(crate) fn empty() -> impl Iterator<Item = String> {
    std::env::vars_os().filter(|(_, value)| value.is_empty()).filter_map(|(name, _)| name.into_string().ok())
}
