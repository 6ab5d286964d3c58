//! The context for reading a document.

use jiff::Timestamp;
use kaseya::AllowedHosts;
use secrecy::SecretString;
use store::{kaseya::names::KaseyaNames, settings::PartnerSettings};

/// Reads a file with a password; a relative path starts at the document. The error is for the document's author.
pub type PasswordFile<'a> = &'a (dyn Fn(&str) -> Result<SecretString, String> + Sync);

/// The context for reading a document.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Reads the document's `password_file`.
    pub password_file: PasswordFile<'a>,
    /// The current time.
    pub now: Timestamp,
    /// The stored settings of the partner: products and companies that the document does not list stay.
    pub stored: Option<&'a PartnerSettings>,
    /// The names Kaseya has shown for ids.
    pub names: Option<&'a KaseyaNames>,
    /// The hosts that custom API addresses may use.
    pub allowed_hosts: &'a AllowedHosts,
}
