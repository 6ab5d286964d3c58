//! What a document is read with.

use std::path::Path;

use jiff::Timestamp;
use kaseya::AllowedHosts;
use store::{kaseya::names::KaseyaNames, settings::PartnerSettings};

/// What a document is read with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where `password_file` is looked for.
    pub directory: &'a Path,
    /// The present instant.
    pub now: Timestamp,
    /// What is stored of the partner: products and companies that the document does not list stay.
    pub stored: Option<&'a PartnerSettings>,
    /// What Kaseya was seen to call what has an id.
    pub names: Option<&'a KaseyaNames>,
    /// Where own addresses may lead.
    pub allowed_hosts: &'a AllowedHosts,
}
