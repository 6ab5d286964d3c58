//! The hosts that custom addresses may lead to (F1): a person chooses an address, and the operator decides which are
//! allowed.

use domain::{called_host, called_path, registrable_domain};
use url::Url;

use crate::Host;

/// Why a text is not a valid base address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasesError {
    /// It is not a base address.
    #[error(
        "{0:?} is not a base address: write it like https://api.bms.kaseya.com, without user, query or fragment"
    )]
    NotOne(String),
    /// It leads to a host that is not this Kaseya's and that the operator has not allowed.
    #[error(
        "{host} is not under {domain}, and this installation does not allow it: remove the address, or have the operator add \
         {host} to allowed_hosts in [kaseya]"
    )]
    NotAllowed {
        /// The host it leads to.
        host: String,
        /// The domain of the typed host.
        domain: String,
    },
}

/// The hosts that custom addresses may lead to. By default only those under the typed host's own registrable domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedHosts {
    /// Lower-case host names and, with a leading dot, domains with everything under them.
    others: Vec<String>,
    /// For development: plain http to loopback.
    loopback_http: bool,
}

impl AllowedHosts {
    /// The hosts of the configuration: host names and, with a leading dot, domains with everything under them.
    pub fn and(others: &[String]) -> Self {
        let others = others.iter().map(|host| host.trim().to_ascii_lowercase());
        Self {
            others: others.filter(|host| !host.trim_matches('.').is_empty()).collect(),
            loopback_http: false,
        }
    }

    /// The same, with plain http to loopback where the guard of `egress` allows it.
    #[must_use]
    pub fn with_loopback_http(self, allowed: bool) -> Self {
        Self { loopback_http: allowed, ..self }
    }

    /// Checks a custom address. Without a host, checks only whether it is an address.
    pub fn check(&self, host: Option<&Host>, address: &str) -> Result<(), BasesError> {
        let url = read(address)?;
        host.map_or(Ok(()), |host| self.admit(host, &url))
    }

    pub(crate) fn base(&self, host: &Host, address: &str) -> Result<Url, BasesError> {
        let url = read(address)?;
        self.admit(host, &url)?;
        Ok(url)
    }

    fn admit(&self, host: &Host, url: &Url) -> Result<(), BasesError> {
        let name = url.host_str().unwrap_or_default();
        let domain = registrable_domain(host.as_str());
        let listed = |other: &String| match other.strip_prefix('.') {
            Some(domain) => name.strip_suffix(domain).is_some_and(|label| label.ends_with('.')),
            None => name == other,
        };
        let allowed = registrable_domain(name) == domain
            || self.others.iter().any(listed)
            || self.loopback_http && egress::is_loopback_http(url);
        if allowed {
            return Ok(());
        }
        Err(BasesError::NotAllowed { host: name.to_owned(), domain: domain.to_owned() })
    }
}

/// Parses an address that must be written as it is called: two spellings of one address would count as two.
pub(crate) fn read(text: &str) -> Result<Url, BasesError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && called_host(text) == called_host(&url.origin().ascii_serialization())
            && called_path(text) == called_path(url.as_str())
    });
    url.ok_or_else(|| BasesError::NotOne(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(allowed: &AllowedHosts, host: &str, address: &str) -> Result<(), BasesError> {
        allowed.check(Some(&Host::parse(host).unwrap()), address)
    }

    #[test]
    fn case_f1_own_addresses_stay_under_the_typed_hosts_domain() {
        let allowed = AllowedHosts::default();
        for (host, address) in [
            ("bms.kaseya.com", "https://api.bms.kaseya.com"),
            ("bms.kaseya.com", "https://BMSEMEA.kaseya.com:443/api"),
            ("psa.msp.co.uk", "https://api.msp.co.uk/v2/"),
        ] {
            assert_eq!(checked(&allowed, host, address), Ok(()), "{address}");
        }
        for (host, address) in [
            ("bms.kaseya.com", "https://bms.kaseya.com.evil.example"),
            ("bms.kaseya.com", "https://evilkaseya.com"),
            ("psa.msp.co.uk", "https://evil.co.uk"),
            ("one.azurewebsites.net", "https://two.azurewebsites.net"),
            ("bms.kaseya.com", "http://127.0.0.1:8080"),
            ("bms.kaseya.com", "https://10.0.0.1/api"),
        ] {
            let refused = checked(&allowed, host, address).expect_err("it is refused");
            assert!(matches!(refused, BasesError::NotAllowed { .. }), "{address}: {refused}");
        }
    }

    #[test]
    fn case_f1_the_operator_allows_other_hosts_by_name_or_domain() {
        let allowed = AllowedHosts::and(&["PSA.example.net".to_owned(), ".on-site.example".to_owned()]);
        for address in ["https://psa.example.net/api", "https://api.on-site.example"] {
            assert_eq!(checked(&allowed, "bms.kaseya.com", address), Ok(()), "{address}");
        }
        for address in ["https://other.example.net", "https://evilon-site.example", "https://on-site.example"]
        {
            assert!(checked(&allowed, "bms.kaseya.com", address).is_err(), "{address}");
        }
        let loopback = AllowedHosts::default().with_loopback_http(true);
        assert_eq!(checked(&loopback, "bms.kaseya.com", "http://127.0.0.1:8080/api"), Ok(()));
        assert!(checked(&loopback, "bms.kaseya.com", "http://10.0.0.1:8080/api").is_err());
    }

    #[test]
    fn case_f1_an_address_has_one_spelling() {
        for address in [
            "https://%62ms.kaseya.com/api",
            "https://ｂｍｓ.kaseya.com/api",
            "https://bms.kas\teya.com/api",
            "https:\\\\bms.kaseya.com\\api",
            "https://bms.kaseya.com/x/../api",
            "https://bms.kaseya.com/%2e/api",
            "https://bms.kaseya.com/a b",
        ] {
            let refused = AllowedHosts::default().check(None, address);
            assert_eq!(refused, Err(BasesError::NotOne(address.to_owned())), "{address}");
        }
    }
}
