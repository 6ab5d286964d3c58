//! Hosts and addresses as customers type them.

use kaseya::{AllowedHosts, Bases, BasesError, Host};

/// What is taken, or left after cleaning, is taken again as it is, and both interfaces have an address on it.
pub(crate) fn host(bytes: &[u8]) {
    let Some(typed) = crate::text(bytes) else { return };
    if let Ok(cleaned) = Host::clean(typed) {
        assert_eq!(Host::parse(cleaned.host.as_str()).as_ref(), Ok(&cleaned.host));
    }
    let Ok(host) = Host::parse(typed) else { return };
    assert_eq!(Host::parse(host.as_str()).as_ref(), Ok(&host));
    Bases::new(&host, None, None, &AllowedHosts::default()).expect("a host has its bases");
}

/// An explicit address that is refused is named; one that is taken serves both interfaces.
pub(crate) fn base_address(bytes: &[u8]) {
    let Some(typed) = crate::text(bytes) else { return };
    let host = Host::parse("bms.kaseya.com").expect("a host");
    let allowed = AllowedHosts::default();
    let [v2, v1] =
        [(Some(typed), None), (None, Some(typed))].map(|(v2, v1)| Bases::new(&host, v2, v1, &allowed));
    assert_eq!(v2.is_ok(), v1.is_ok(), "{typed:?} is good for one interface only");
    match v2 {
        Err(refused @ BasesError::NotOne(_)) => {
            let said = refused.to_string();
            assert!(said.contains(&format!("{typed:?}")) || said.contains(typed), "{refused}");
        }
        Err(BasesError::NotAllowed { host, .. }) => assert!(!host.ends_with(".kaseya.com"), "{typed:?}"),
        Ok(_) => {}
    }
}
