//! The registrable part of a host name, by the public suffix list.

use std::net::IpAddr;

/// The registrable domain of a lower-case host, e.g. `kaseya.com` for `bms.kaseya.com`. Returns the whole host if it
/// has none: an address, a name with a port, or a name under which others register theirs.
pub fn registrable_domain(host: &str) -> &str {
    if host.contains(':') || host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_owner_below_the_public_suffix() {
        for (host, domain) in [
            ("bms.kaseya.com", "kaseya.com"),
            ("api.bms.kaseya.com", "kaseya.com"),
            ("psa.example.co.uk", "example.co.uk"),
            // Each customer of a hosting service has its own domain.
            ("one.azurewebsites.net", "one.azurewebsites.net"),
            ("co.uk", "co.uk"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(registrable_domain(host), domain, "{host}");
        }
    }
}
