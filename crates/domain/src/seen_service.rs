//! A service as Kaseya's catalogue shows it.

use jiff::Timestamp;

use crate::{ServiceId, run::names};

names! {
    /// How a service stands in Kaseya's catalogue.
    ServiceState {
        /// It may be sold.
        Active = "active",
        /// It may be sold no more.
        Inactive = "inactive",
        /// The catalogue does not show it: it is deleted, or hidden from the user.
        NotShown = "not_shown",
    }
}

/// A service as the catalogue showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenService {
    /// Kaseya's service.
    pub service: ServiceId,
    /// How it stands.
    pub state: ServiceState,
    /// When that was seen.
    pub seen_at: Timestamp,
}
