//! When two sets of settings reach the same Kaseya (G-13, F1), and when a name matches an id (G-06).

use unicode_normalization::UnicodeNormalization as _;

use crate::{registrable_domain, text::is_unseen};

/// Where an integration's calls really go, whatever host was typed. It is the key for everything that partners share
/// (logins, calls, breaker, lane). The tables compute the same for what they store (`called_hosts`, `plain_name`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KaseyaAddress {
    /// The V2 and V1 hosts: in one spelling, without a leading `api.`, each with its port or path if not the usual
    /// one.
    called: [String; 2],
    /// The tenant, as Kaseya compares it.
    tenant: String,
}

impl KaseyaAddress {
    /// From the host and the tenant, and the base addresses set in place of the host's own.
    pub fn new(host: &str, v2_base: Option<&str>, v1_base: Option<&str>, tenant: &str) -> Self {
        let called = [(v2_base, ""), (v1_base, "/api")].map(|(base, usual_path)| {
            let name = called_host(base.unwrap_or(host));
            // By default V2 is at the host's name with this prefix.
            let name = name.strip_prefix("api.").unwrap_or(&name);
            let path = base.map_or(usual_path, called_path);
            if path == usual_path { name.to_owned() } else { format!("{name}{path}") }
        });
        Self { called, tenant: plain_name(tenant) }
    }

    /// Where V2 calls go: host, with port and path if not the usual ones.
    pub fn v2(&self) -> &str {
        &self.called[0]
    }

    /// Where V1 calls go: host, with port and path if not the usual ones.
    pub fn v1(&self) -> &str {
        &self.called[1]
    }

    /// The tenant, as Kaseya compares it.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Both as the tables name them: one address, or V2's and V1's separated by a blank.
    pub fn hosts(&self) -> String {
        let [v2, v1] = &self.called;
        if v2 == v1 { v2.clone() } else { format!("{v2} {v1}") }
    }

    /// The registrable domains of both hosts; one Kaseya may have several names within a domain.
    pub fn domains(&self) -> [&str; 2] {
        [&self.called[0], &self.called[1]].map(|called| registrable_domain(host_of(called)))
    }

    /// Whether both reach the same tenant of the same Kaseya, whatever their spelling.
    pub fn is_same_kaseya(&self, other: &Self) -> bool {
        let hosts = |address: &'_ Self| -> Vec<String> {
            address.called.iter().map(|called| host_of(called).to_owned()).collect()
        };
        let theirs = hosts(other);
        self.tenant == other.tenant && hosts(self).iter().any(|host| theirs.contains(host))
    }
}

/// The host of an address, in one spelling.
pub fn called_host(address: &str) -> String {
    let lower = address.trim().to_ascii_lowercase();
    let (usual_port, rest) = match lower.split_once("://") {
        Some(("http", rest)) => (":80", rest),
        Some((_, rest)) => (":443", rest),
        None => (":443", lower.as_str()),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.strip_suffix(usual_port).unwrap_or(host);
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() => format!("{}:{port}", name.trim_end_matches('.')),
        _ => host.trim_end_matches(['.', ':']).to_owned(),
    }
}

/// The path of an address, without a trailing slash. It does not identify the host: a path that never responds tells
/// nothing about the host.
pub fn called_path(address: &str) -> &str {
    let address = address.trim();
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = rest.find('/').map_or("", |place| &rest[place..]);
    path.trim_end_matches('/')
}

/// The host of an API version's address.
fn host_of(called: &str) -> &str {
    called.split('/').next().unwrap_or(called)
}

const KASEYAS_DOMAINS: [&str; 3] = ["kaseya.com", "vorexlogin.com", "pulseway.com"];

/// Whether these addresses, as the tables name them, are Kaseya's own hosts: known even before the first login there.
pub fn are_kaseyas_own(hosts: &str) -> bool {
    hosts
        .split(' ')
        .all(|called| host_of(called) == called && KASEYAS_DOMAINS.contains(&registrable_domain(called)))
}

/// Whether a name received for an id is the name that Kaseya shows for it. An empty name matches.
pub fn is_name_of(told: &str, shown: &str) -> bool {
    let told = plain_name(told);
    told.is_empty() || told == plain_name(shown)
}

/// A name in its compared form: case, the number of blanks, invisible characters and the composition of accents are
/// ignored.
pub fn plain_name(name: &str) -> String {
    let seen: String = name.nfc().filter(|letter| !is_unseen(*letter)).collect();
    let lower = seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // Lower case may decompose an accent.
    lower.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_a8_one_kaseya_is_known_by_the_address_that_is_called() {
        let ours = KaseyaAddress::new("bms.kaseya.com", None, None, "Acme MSP");
        for (host, v2, v1, tenant) in [
            ("bms.kaseya.com", None, None, "ACME msp"),
            ("BMS.Kaseya.com.", None, None, " Acme  MSP "),
            ("vorex.example", Some("https://API.bms.kaseya.com:443/"), None, "acme msp"),
            ("vorex.example", None, Some("https://bms.kaseya.com/api"), "acme msp"),
            ("vorex.example", Some("https://bms.kaseya.com./other"), None, "acme msp"),
        ] {
            let theirs = KaseyaAddress::new(host, v2, v1, tenant);
            assert!(ours.is_same_kaseya(&theirs) && theirs.is_same_kaseya(&ours), "{host} {tenant}");
        }
        for (host, v1, tenant) in [
            ("bms.kaseya.com", None, "Beta MSP"),
            ("emea.kaseya.com", None, "Acme MSP"),
            ("emea.kaseya.com", Some("http://127.0.0.1:81/api"), "Acme MSP"),
        ] {
            assert!(!ours.is_same_kaseya(&KaseyaAddress::new(host, None, v1, tenant)), "{host} {tenant}");
        }
        let on = |port: u16| {
            let base = format!("http://127.0.0.1:{port}");
            KaseyaAddress::new("bms.kaseya.com", Some(&base), Some(&base), "Acme MSP")
        };
        assert!(on(8080).is_same_kaseya(&on(8080)) && !on(8080).is_same_kaseya(&on(8081)));
    }

    #[test]
    fn case_f1_the_tables_name_what_is_called_and_not_what_was_typed() {
        let hosts =
            |host: &str, v2: Option<&str>, v1: Option<&str>| KaseyaAddress::new(host, v2, v1, "A").hosts();
        assert_eq!(hosts("BMS.kaseya.com", None, None), "bms.kaseya.com");
        assert_eq!(
            hosts(
                "label.example",
                Some("https://api.bms.kaseya.com:443"),
                Some("HTTPS://BMS.kaseya.com/api")
            ),
            "bms.kaseya.com"
        );
        assert_eq!(
            hosts("bms.kaseya.com", Some("http://127.0.0.1:8080"), None),
            "127.0.0.1:8080 bms.kaseya.com"
        );
        assert_eq!(
            hosts("bms.kaseya.com", Some("https://api.bms.kaseya.com/never/answers/"), None),
            "bms.kaseya.com/never/answers bms.kaseya.com"
        );
        let mixed = KaseyaAddress::new("bms.kaseya.com", None, Some("https://psa.example.co.uk/api"), "A");
        assert_eq!(mixed.domains(), ["kaseya.com", "example.co.uk"]);
    }

    #[test]
    fn case_f1_d_kaseyas_own_hosts_are_known_and_a_path_on_them_is_not() {
        assert!(are_kaseyas_own("bms.kaseya.com") && are_kaseyas_own("bms.kaseya.com www.vorexlogin.com"));
        for hosts in
            ["bms.kaseya.com.example", "bms.kaseya.com evil.example", "bms.kaseya.com/never", "kaseya.co"]
        {
            assert!(!are_kaseyas_own(hosts), "{hosts}");
        }
    }

    #[test]
    fn case_b3_a_name_is_compared_as_kaseya_does() {
        for told in ["Password Boss Standard", " password  boss STANDARD ", ""] {
            assert!(is_name_of(told, "Password Boss Standard"), "{told:?}");
        }
        assert!(!is_name_of("Password Boss Advanced", "Password Boss Standard"));
        for (told, shown) in [
            ("CAFFÈ ROMA", "Caffè Roma"),
            ("Caffe\u{300} Roma", "Caffè Roma"),
            ("Acme Ltd", "Acme\u{a0}Ltd"),
            ("Acme\u{200b} Ltd", "Ac\u{ad}me Ltd"),
        ] {
            assert!(is_name_of(told, shown) && is_name_of(shown, told), "{told:?} and {shown:?}");
        }
    }
}
