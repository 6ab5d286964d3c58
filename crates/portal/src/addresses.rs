//! Paths of our own pages.

use domain::PartnerId;

/// The path of one of a partner's pages.
pub(crate) fn partner_path(partner: &PartnerId, page: &str) -> String {
    let partner = percent_encoded(partner.as_str());
    if page.is_empty() { format!("/partners/{partner}") } else { format!("/partners/{partner}/{page}") }
}

/// Percent-encodes text for the query of a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
