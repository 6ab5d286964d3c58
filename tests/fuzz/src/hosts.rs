//! Hosts and addresses as customers type them.

use kaseya::{Bases, Host};

/// What is taken, or left after cleaning, is taken again as it is, and both interfaces have an address on it.
pub(crate) fn host(bytes: &[u8]) {
    let Some(typed) = crate::text(bytes) else { return };
    if let Ok(cleaned) = Host::clean(typed) {
        assert_eq!(Host::parse(cleaned.host.as_str()).as_ref(), Ok(&cleaned.host));
    }
    let Ok(host) = Host::parse(typed) else { return };
    assert_eq!(Host::parse(host.as_str()).as_ref(), Ok(&host));
    Bases::new(&host, None, None).expect("a host has its bases");
}

/// An explicit address that is refused is named; one that is taken serves both interfaces.
pub(crate) fn base_address(bytes: &[u8]) {
    let Some(typed) = crate::text(bytes) else { return };
    let host = Host::parse("bms.kaseya.com").expect("a host");
    let [v2, v1] = [(Some(typed), None), (None, Some(typed))].map(|(v2, v1)| Bases::new(&host, v2, v1));
    assert_eq!(v2.is_ok(), v1.is_ok(), "{typed:?} is good for one interface only");
    if let Err(refused) = v2 {
        assert!(
            refused.to_string().contains(&format!("{typed:?}")) || refused.to_string().contains(typed),
            "{refused}"
        );
    }
}
