//! What people do and see in an installation. The portal's pages, its API and the operator's program call the same
//! functions.
//!
//! Nothing here prints, and nothing here writes a page's text. The outcome of an operation is a type; the caller
//! words it in the reader's language.

pub mod access;
pub mod acting;
mod adding_together;
pub mod billing_rules;
pub mod calls_used;
pub mod charges;
pub mod check_help;
pub mod company_mapping;
mod company_statuses;
pub mod connection_form;
pub mod connection_settings;
pub mod connections;
mod credentials;
pub mod decisions;
pub mod frozen_counts;
pub mod intake;
mod journal_sheet;
pub mod kaseya_reading;
pub mod key_rotation;
pub mod leftovers;
pub mod mapping_file;
mod never_shown;
pub mod not_saved;
pub mod product_mappings;
pub mod read_models;
pub mod schedule;
pub mod settings_file;
pub mod settings_update;
pub mod spreadsheet;
mod status_advice;
mod status_sheet;
pub mod suggestions;
pub mod switch;
pub mod sync_requests;

use std::{fmt, sync::Arc, time::Duration};

use bus::SharedBus;
use domain::{Clock, Entropy};
use store::Store;

pub use acting::Acting;
pub use company_statuses::CompanyStatuses;
pub use connections::Connections;
pub use status_advice::Advising;

/// What the operations need.
#[derive(Clone)]
pub struct Operations {
    /// The database.
    pub store: Store,
    /// The message bus to the services. Without it, requests are left in the tables, where a scheduler finds them.
    pub bus: Option<SharedBus>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// The time over which the scheduler spreads partners due at the same hour.
    pub spread: Duration,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}
