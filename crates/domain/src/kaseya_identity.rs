//! When two sets of settings reach one Kaseya (G-13), and when a name is that of an id (G-06).

use unicode_normalization::UnicodeNormalization as _;

use crate::text::is_unseen;

/// Where calls of an integration really go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KaseyaAddress {
    /// The hosts of both of its bases, in one spelling, each with a port that is not the usual one.
    hosts: [String; 2],
    /// The tenant, as Kaseya compares it.
    tenant: String,
}

impl KaseyaAddress {
    /// By the host and the tenant, and the bases that are set instead of the host's own.
    pub fn new(host: &str, v2_base: Option<&str>, v1_base: Option<&str>, tenant: &str) -> Self {
        let v2 = v2_base.map_or_else(|| format!("api.{}", reached(host)), reached);
        let v1 = reached(v1_base.unwrap_or(host));
        Self { hosts: [v2, v1], tenant: plain_name(tenant) }
    }

    /// Whether both reach one tenant of one Kaseya, however each is spelled.
    pub fn is_same_kaseya(&self, other: &Self) -> bool {
        self.tenant == other.tenant && self.hosts.iter().any(|host| other.hosts.contains(host))
    }
}

/// The host of an address, without what is spelled in more than one way.
fn reached(address: &str) -> String {
    let lower = address.trim().to_lowercase();
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

/// Whether a name that was told for an id is the one that Kaseya shows for it. An empty one tells nothing.
pub fn is_name_of(told: &str, shown: &str) -> bool {
    let told = plain_name(told);
    told.is_empty() || told == plain_name(shown)
}

/// A name as it is compared: without regard to case, to the number of blanks, to what is not seen, and to how an accent is put
/// together.
pub fn plain_name(name: &str) -> String {
    let seen: String = name.nfc().filter(|letter| !is_unseen(*letter)).collect();
    let lower = seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // Lower case may take an accent apart.
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
