//! The variables that Kubernetes adds to each container for each Service of its namespace. They are not our
//! settings.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The names of all service links in this process's environment.
pub(crate) fn in_environment() -> BTreeSet<String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| is_service_link(name, value))
        .map(|(name, _)| name)
        .collect()
}

/// A Service called `kaseya-sync-portal` puts `KASEYA_SYNC_PORTAL_PORT=tcp://10.0.0.7:8080` and up to seven more
/// variables into every pod. Only these exact forms count, so that a misspelt setting is still refused.
fn is_service_link(name: &str, value: &str) -> bool {
    let host = || value.parse::<IpAddr>().is_ok();
    let port = || value.parse::<u16>().is_ok();
    let address = || ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if name.ends_with("_SERVICE_HOST") {
        return host();
    }
    // A port's own name follows.
    if name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return port();
    }
    if name.ends_with("_PORT") && address() {
        return true;
    }
    let Some((_, of_port)) = name.rsplit_once("_PORT_") else { return false };
    let parts: Vec<&str> = of_port.split('_').collect();
    let (number, rest) = match parts.as_slice() {
        [number, "TCP" | "UDP" | "SCTP", rest @ ..] => (number, rest),
        _ => return false,
    };
    number.parse::<u16>().is_ok()
        && match rest {
            [] => address(),
            ["PROTO"] => ["tcp", "udp", "sctp"].contains(&value),
            ["PORT"] => port(),
            ["ADDR"] => host(),
            _ => false,
        }
}
