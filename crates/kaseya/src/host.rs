//! Kaseya's host as a customer types it, and the two interfaces behind it.

use std::fmt;

use url::Url;

/// A host name, nothing else: lower case, international names in their ASCII form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

/// Why a text is no host name, with the mend where there is a plain one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    fault: Fault,
    mend: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Empty,
    Blank,
    Scheme,
    UserInfo,
    Query,
    Path,
    Port,
    Api,
    Address,
    Name,
}

impl Fault {
    fn says(self) -> &'static str {
        match self {
            Self::Empty => "the host is empty",
            Self::Blank => "the host has a blank in it",
            Self::Scheme => "the host has a scheme (such as https://) in front",
            Self::UserInfo => "the host has a user name (before @) in it",
            Self::Query => "the host has a query (from ? or # on) behind it",
            Self::Path => "the host has a path (from / on) behind it",
            Self::Port => "the host has a port (from : on) behind it",
            Self::Api => "the host begins with `api.`",
            Self::Address => "the host is an address, not a name",
            Self::Name => "the host is not a full name",
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.says())?;
        match &self.mend {
            Some(mend) => write!(f, ": write only `{mend}`"),
            None => f.write_str(": write only the name, such as `bms.kaseya.com`"),
        }
    }
}

impl std::error::Error for HostError {}

impl Host {
    /// Checks a typed host name (S-06 to S-08). Whatever is more than a host name is refused, never cut silently.
    pub fn parse(typed: &str) -> Result<Self, HostError> {
        Self::check(typed).map_err(|fault| {
            // Offered only if it would be taken.
            let mend = stripped(typed);
            HostError { fault, mend: Self::check(&mend).is_ok().then_some(mend) }
        })
    }

    fn check(typed: &str) -> Result<Self, Fault> {
        if typed.trim().is_empty() {
            return Err(Fault::Empty);
        }
        if typed.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Fault::Blank);
        }
        for (mark, fault) in [
            ("://", Fault::Scheme),
            ("?", Fault::Query),
            ("#", Fault::Query),
            ("/", Fault::Path),
            ("\\", Fault::Path),
            ("@", Fault::UserInfo),
        ] {
            if typed.contains(mark) {
                return Err(fault);
            }
        }
        let host = match url::Host::parse(typed) {
            Ok(url::Host::Domain(name)) => name,
            Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => return Err(Fault::Address),
            Err(_) if typed.contains(':') => return Err(Fault::Port),
            Err(_) => return Err(Fault::Name),
        };
        if host.starts_with("api.") {
            return Err(Fault::Api);
        }
        let letters = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let full = host.contains('.')
            && host.len() <= 240
            && host.split('.').all(|label| (1..=63).contains(&label.len()) && letters(label));
        if full { Ok(Self(host)) } else { Err(Fault::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is left of a typed text when all that surrounds a host name is taken away.
fn stripped(typed: &str) -> String {
    let text: String = typed.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let text = text.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    let text = text.split_once(':').map_or(text, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase();
    text.strip_prefix("api.").unwrap_or(&text).to_owned()
}

/// The base addresses of Kaseya's two interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bases {
    pub(crate) v2: Url,
    pub(crate) v1: Url,
}

/// Why a text is no base address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a base address: write it like https://api.bms.kaseya.com, without user, query or fragment"
)]
pub struct BasesError(String);

impl Bases {
    /// By rule `https://api.{host}` and `https://{host}/api`, or what is set instead. Whether a request may go there is
    /// for the guard of `egress` to say.
    pub fn new(host: &Host, v2: Option<&str>, v1: Option<&str>) -> Result<Self, BasesError> {
        let v2 = v2.map_or_else(|| format!("https://api.{host}"), str::to_owned);
        let v1 = v1.map_or_else(|| format!("https://{host}/api"), str::to_owned);
        Ok(Self { v2: base(v2)?, v1: base(v1)? })
    }
}

fn base(text: String) -> Result<Url, BasesError> {
    let url = Url::parse(&text).ok().filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or(BasesError(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn s_06_to_s_08_any_valid_host_is_taken() {
        for (typed, host) in [
            ("bms.kaseya.com", "bms.kaseya.com"),
            ("bmsemea.kaseya.com", "bmsemea.kaseya.com"),
            ("bmsapac.kaseya.com", "bmsapac.kaseya.com"),
            ("vorexlogin.com", "vorexlogin.com"),
            ("psa.pulseway.com", "psa.pulseway.com"),
            ("BMS.Kaseya.com", "bms.kaseya.com"),
            ("psa.bücher.example", "psa.xn--bcher-kva.example"),
        ] {
            assert_eq!(Host::parse(typed).unwrap().as_str(), host);
        }
    }

    #[test]
    fn s_06_to_s_08_whatever_is_more_than_a_host_is_refused_with_its_mend() {
        for (typed, message) in [
            ("", "the host is empty: write only the name, such as `bms.kaseya.com`"),
            ("  ", "the host is empty: write only the name, such as `bms.kaseya.com`"),
            (" bms.kaseya.com", "the host has a blank in it: write only `bms.kaseya.com`"),
            ("bms.kaseya.com\t", "the host has a blank in it: write only `bms.kaseya.com`"),
            ("bms. kaseya.com", "the host has a blank in it: write only `bms.kaseya.com`"),
            (
                "https://bms.kaseya.com",
                "the host has a scheme (such as https://) in front: write only `bms.kaseya.com`",
            ),
            (
                "HTTPS://api.bms.kaseya.com/v2/x?y",
                "the host has a scheme (such as https://) in front: write only `bms.kaseya.com`",
            ),
            ("bms.kaseya.com/", "the host has a path (from / on) behind it: write only `bms.kaseya.com`"),
            (
                "bms.kaseya.com/login",
                "the host has a path (from / on) behind it: write only `bms.kaseya.com`",
            ),
            (
                "bms.kaseya.com?x=1",
                "the host has a query (from ? or # on) behind it: write only `bms.kaseya.com`",
            ),
            (
                "admin@bms.kaseya.com",
                "the host has a user name (before @) in it: write only `bms.kaseya.com`",
            ),
            ("bms.kaseya.com:8443", "the host has a port (from : on) behind it: write only `bms.kaseya.com`"),
            ("api.bms.kaseya.com", "the host begins with `api.`: write only `bms.kaseya.com`"),
            ("bms.kaseya.com.", "the host is not a full name: write only `bms.kaseya.com`"),
            (
                "127.0.0.1",
                "the host is an address, not a name: write only the name, such as `bms.kaseya.com`",
            ),
            ("0x7f.1", "the host is an address, not a name: write only the name, such as `bms.kaseya.com`"),
            ("[::1]", "the host is an address, not a name: write only the name, such as `bms.kaseya.com`"),
            ("localhost", "the host is not a full name: write only the name, such as `bms.kaseya.com`"),
            ("bms..kaseya.com", "the host is not a full name: write only the name, such as `bms.kaseya.com`"),
        ] {
            assert_eq!(Host::parse(typed).unwrap_err().to_string(), message, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_as_it_is_and_makes_its_own_bases(typed in ".*|[a-z.:/@ ]{0,20}") {
            if let Ok(host) = Host::parse(&typed) {
                prop_assert_eq!(&Host::parse(host.as_str()).unwrap(), &host);
                let bases = Bases::new(&host, None, None).unwrap();
                let api = format!("api.{host}");
                prop_assert_eq!(bases.v2.host_str(), Some(api.as_str()));
                prop_assert_eq!(bases.v1.as_str(), format!("https://{host}/api"));
            }
        }
    }

    #[test]
    fn bases_are_set_instead_of_the_rule_and_bad_ones_are_named() {
        let host = Host::parse("bms.kaseya.com").unwrap();
        let set = Bases::new(&host, Some("http://127.0.0.1:8080"), None).unwrap();
        assert_eq!(
            (set.v2.as_str(), set.v1.as_str()),
            ("http://127.0.0.1:8080/", "https://bms.kaseya.com/api")
        );
        for bad in [
            "bms.kaseya.com",
            "ftp://bms.kaseya.com",
            "https://u:p@bms.kaseya.com",
            "https://x.example/?q",
            "",
        ] {
            assert_eq!(Bases::new(&host, None, Some(bad)), Err(BasesError(bad.to_owned())));
        }
    }
}
