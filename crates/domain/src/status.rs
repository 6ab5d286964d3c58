//! The states of a company and contract.

use crate::run::names;

names! {
    /// The state of a company and contract, as people see it. A closed list.
    CompanyState {
        /// Never synced.
        Never = "never",
        /// Waiting for its job.
        Queued = "queued",
        /// Its job is started.
        Running = "running",
        /// At least one line was changed, and seen changed.
        Changed = "changed",
        /// Kaseya already held our numbers.
        Unchanged = "unchanged",
        /// Kaseya took a change; no read has shown it yet.
        Sent = "sent",
        /// A change waits for a person.
        Held = "held",
        /// Not sent, for the reason of its code.
        NotSent = "not_sent",
        /// The company has no account and contract, or none of its products has a service.
        NotMapped = "not_mapped",
        /// Left out of billing by the partner.
        NotBilled = "not_billed",
        /// Continues by itself at a known time.
        Deferred = "deferred",
        /// The integration is off.
        Off = "off",
    }
}

/// A product's state is of the same list.
pub type ProductState = CompanyState;

impl CompanyState {
    /// How much it wants a person's eye: of several products the highest stands for the company.
    fn weight(self) -> u8 {
        match self {
            Self::NotSent => 11,
            Self::Held => 10,
            Self::Deferred => 9,
            Self::Sent => 8,
            Self::Changed => 7,
            Self::Running => 6,
            Self::Queued => 5,
            Self::Unchanged => 4,
            Self::Off => 3,
            Self::NotMapped => 2,
            Self::NotBilled => 1,
            Self::Never => 0,
        }
    }
}

/// The state that stands for a company whose products came out like this; `None` for no products.
///
/// A product that is not mapped does not hide what became of the others.
pub fn worst_state(states: impl IntoIterator<Item = ProductState>) -> Option<CompanyState> {
    states.into_iter().max_by_key(|state| state.weight())
}
