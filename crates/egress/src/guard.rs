//! Checks which addresses may be requested, before any name is resolved.

use url::{Host, Url};

use crate::GuardRefusal;

/// The one name that the development switch lets resolve to loopback.
pub(crate) const LOOPBACK_NAME: &str = "localhost";

/// Checks the address itself. The resolver checks where its name leads.
pub(crate) fn check(url: &Url, allow_loopback_http: bool) -> Result<(), GuardRefusal> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(GuardRefusal::UserInfo);
    }
    if allow_loopback_http && is_loopback_http(url) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(GuardRefusal::Scheme);
    }
    match url.host() {
        Some(Host::Domain(name)) if is_full_name(name) => {}
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(GuardRefusal::Literal),
        Some(Host::Domain(_)) | None => return Err(GuardRefusal::Name),
    }
    // The parser drops the scheme's default port.
    if url.port().is_some() { Err(GuardRefusal::Port) } else { Ok(()) }
}

/// Whether the address is one that the development switch adds: plain http to loopback, with a port.
pub fn is_loopback_http(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        Some(Host::Domain(name)) => name == LOOPBACK_NAME,
        None => false,
    };
    loopback && url.scheme() == "http" && url.port().is_some()
}

fn is_full_name(name: &str) -> bool {
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str, allow: bool) -> Result<(), GuardRefusal> {
        check(&Url::parse(url).unwrap(), allow)
    }

    #[test]
    fn public_names_over_https_are_let_out() {
        for url in [
            "https://bms.kaseya.com/api/token",
            "https://api.bmsemea.kaseya.com/v2/x",
            "https://BMS.Kaseya.COM:443/",
            "https://psa.pulseway.com/",
            "https://xn--bcher-kva.example/",
            "https://bücher.example/",
        ] {
            assert_eq!(checked(url, false), Ok(()), "{url}");
        }
    }

    #[test]
    fn the_development_switch_opens_http_on_loopback_with_a_port_and_nothing_else() {
        for url in ["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost:8080/"] {
            assert_eq!(checked(url, true), Ok(()), "{url}");
        }
        for url in [
            "http://127.0.0.1/",
            "http://localhost/",
            "https://127.0.0.1:8443/",
            "http://10.0.0.1:8080/",
            "http://169.254.169.254:80/",
            "http://0.0.0.0:8080/",
            "http://[::ffff:127.0.0.1]:8080/",
            "http://bms.kaseya.com:8080/",
            "http://localhost.evil.example:8080/",
            "http://user@127.0.0.1:8080/",
        ] {
            assert!(checked(url, true).is_err(), "{url}");
        }
    }
}
