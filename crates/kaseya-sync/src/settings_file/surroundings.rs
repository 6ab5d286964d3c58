//! The context for reading a document.

use std::path::Path;

use jiff::Timestamp;
use kaseya::AllowedHosts;
use store::{kaseya::names::KaseyaNames, settings::PartnerSettings};

/// The context for reading a document.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The directory of a relative `password_file`.
    pub directory: &'a Path,
    /// The current time.
    pub now: Timestamp,
    /// The stored settings of the partner: products and companies that the document does not list stay.
    pub stored: Option<&'a PartnerSettings>,
    /// The names Kaseya has shown for ids.
    pub names: Option<&'a KaseyaNames>,
    /// The hosts that custom API addresses may use.
    pub allowed_hosts: &'a AllowedHosts,
}
