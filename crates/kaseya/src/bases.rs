//! The addresses of Kaseya's two APIs.

use std::sync::Arc;

use url::Url;

use crate::{AllowedHosts, BasesError, Host, LineProfile, allowed_hosts};

/// The base addresses of Kaseya's two APIs, and the line profile for V1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bases {
    pub(crate) v2: Url,
    pub(crate) v1: Url,
    pub(crate) line_profile: Arc<LineProfile>,
}

impl Bases {
    /// By rule `https://api.{host}` and `https://{host}/api`, or the configured address where it is allowed. The
    /// guard of `egress` decides whether a request may go there.
    pub fn new(
        host: &Host,
        v2: Option<&str>,
        v1: Option<&str>,
        allowed: &AllowedHosts,
    ) -> Result<Self, BasesError> {
        // The host's own addresses are allowed even where others register names under it.
        let base = |own: Option<&str>, usual: String| match own {
            Some(own) => allowed.base(host, own),
            None => allowed_hosts::read(&usual),
        };
        let v2 = base(v2, format!("https://api.{host}"))?;
        let v1 = base(v1, format!("https://{host}/api"))?;
        Ok(Self { v2, v1, line_profile: Arc::default() })
    }

    /// The same with this line profile.
    pub fn with_line_profile(self, line_profile: LineProfile) -> Self {
        Self { line_profile: Arc::new(line_profile), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_set_instead_of_the_rule_and_bad_ones_are_named() {
        let host = Host::parse("bms.kaseya.com").unwrap();
        let loopback = AllowedHosts::default().with_loopback_http(true);
        let set = Bases::new(&host, Some("http://127.0.0.1:8080"), None, &loopback).unwrap();
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
            let refused = Bases::new(&host, None, Some(bad), &loopback);
            assert_eq!(refused, Err(BasesError::NotOne(bad.to_owned())));
        }
    }
}
