//! A service as Kaseya's catalogue shows it.

use jiff::Timestamp;

use crate::{ServiceId, run::names};

names! {
    /// The state of a service in Kaseya's catalogue.
    ServiceState {
        /// It can be sold.
        Active = "active",
        /// It can no longer be sold.
        Inactive = "inactive",
        /// The catalogue does not show it: it is deleted or hidden from the user.
        NotShown = "not_shown",
    }
}

/// A service as the catalogue showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenService {
    /// Kaseya's service.
    pub service: ServiceId,
    /// Its state in the catalogue.
    pub state: ServiceState,
    /// When that was seen.
    pub seen_at: Timestamp,
}
