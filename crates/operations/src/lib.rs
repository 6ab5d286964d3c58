//! What people do with an installation and are shown of it: the portal's pages, its API and the operator's program call the
//! same functions.
//!
//! Nothing here prints or words a page. What comes of an order is a type; whoever shows it finds the words in the reader's
//! language.

pub mod access;
pub mod acting;
mod advising;
pub mod billing_rules;
pub mod calls_used;
pub mod charges;
pub mod company_mapping;
pub mod connection_settings;
pub mod credentials;
pub mod decisions;
pub mod frozen_counts;
pub mod intake;
mod journal_sheet;
pub mod kaseya_reading;
pub mod leftovers;
pub mod mapping_file;
mod never_shown;
pub mod not_saved;
pub mod product_mappings;
pub mod schedule;
pub mod spreadsheet;
mod status_sheet;
pub mod suggestions;
pub mod switch;
pub mod sync_requests;
pub mod tried;

use std::{fmt, sync::Arc, time::Duration};

use bus::SharedBus;
use domain::{Clock, Entropy};
use store::Store;

pub use acting::Acting;
pub use advising::{AdviceDocument, Advising};
pub use connection_settings::Connections;

/// What orders are carried out with.
#[derive(Clone)]
pub struct Operations {
    /// Where everything is remembered.
    pub store: Store,
    /// Where the services listen. Without one, orders are left in the tables, where a scheduler finds them.
    pub bus: Option<SharedBus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// The scheduler's spread of partners that are due at one hour.
    pub spread: Duration,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}
