//! Names that look like Kaseya's hosts but are others, by the rules and tables of Unicode's security standard (UTS
//! 39).

use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};

/// Kaseya's own domains, with the host that most customers mean.
const DOMAINS: [(&str, &str); 3] = [
    ("kaseya.com", "bms.kaseya.com"),
    ("vorexlogin.com", "vorexlogin.com"),
    ("pulseway.com", "psa.pulseway.com"),
];

/// The host of Kaseya that `host` (in its ASCII form) could be mistaken for without being in the same domain.
pub(super) fn of(host: &str) -> Option<&'static str> {
    let shown = idna::domain_to_unicode(host).0;
    let looks = looks(&shown);
    let found = DOMAINS.iter().find(|(domain, known)| {
        let inside = host == *domain || host.ends_with(&format!(".{domain}"));
        let ends_alike = looks.ends_with(&format!(".{}", self::looks(domain)));
        let alike = looks == self::looks(domain) || ends_alike;
        // The real name before another domain.
        let begins_so = looks.starts_with(&format!("{}.", self::looks(known)));
        !inside && (alike || begins_so)
    });
    found.map(|(_, known)| *known)
}

/// Whether a label mixes scripts as no language does (Latin with Cyrillic or Greek, say).
pub(super) fn mixes_scripts(host: &str) -> bool {
    let shown = idna::domain_to_unicode(host).0;
    shown.split('.').any(|label| label.detect_restriction_level() > RestrictionLevel::HighlyRestrictive)
}

/// The common form of all confusable names.
fn looks(name: &str) -> String {
    skeleton(name).collect::<String>().to_lowercase()
}
