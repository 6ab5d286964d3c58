//! Paths of our own pages.

use domain::PartnerId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but what a URL never reserves (RFC 3986).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of one of a partner's pages.
pub(crate) fn partner_path(partner: &PartnerId, page: &str) -> String {
    let partner = percent_encoded(partner.as_str());
    if page.is_empty() { format!("/partners/{partner}") } else { format!("/partners/{partner}/{page}") }
}

/// Percent-encodes text for the query of a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
