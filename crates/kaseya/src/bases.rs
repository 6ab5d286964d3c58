//! Where Kaseya's two interfaces are.

use std::sync::Arc;

use url::Url;

use crate::{Host, LineProfile};

/// The base addresses of Kaseya's two interfaces, and how lines stand in V1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bases {
    pub(crate) v2: Url,
    pub(crate) v1: Url,
    pub(crate) line_profile: Arc<LineProfile>,
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
        Ok(Self { v2: base(v2)?, v1: base(v1)?, line_profile: Arc::default() })
    }

    /// The same with this way to read and write lines.
    pub fn with_line_profile(self, line_profile: LineProfile) -> Self {
        Self { line_profile: Arc::new(line_profile), ..self }
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
    use super::*;

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
