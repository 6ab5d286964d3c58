//! The states of a company and contract.

use crate::{ErrorCode, run::names};

names! {
    /// The state of a company and contract, as people see it. A closed list.
    CompanyState {
        /// Never synced.
        Never = "never",
        /// Waiting for its job.
        Queued = "queued",
        /// Its job is started.
        Running = "running",
        /// At least one line was changed, and a reading has shown the change.
        Changed = "changed",
        /// Kaseya already held our numbers.
        Unchanged = "unchanged",
        /// Kaseya accepted a change; no reading has shown it yet.
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

/// A product's state, from the same list.
pub type ProductState = CompanyState;

impl CompanyState {
    /// How much the state needs a person's attention: the highest among several products represents the company.
    pub fn weight(self) -> u8 {
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

    /// Whether Kaseya was seen to hold our number: just changed and confirmed, or found equal.
    pub fn is_green(self) -> bool {
        matches!(self, Self::Changed | Self::Unchanged)
    }

    /// Whether Kaseya has accepted a change of ours, confirmed or not.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Changed | Self::Sent)
    }
}

/// The state that represents a company with products in these states; `None` for no products.
///
/// An unmapped product does not hide the states of the others.
pub fn worst_state(states: impl IntoIterator<Item = ProductState>) -> Option<CompanyState> {
    states.into_iter().max_by_key(|state| state.weight())
}

/// The outcome of one product of a company, or of the company as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The state.
    pub state: CompanyState,
    /// The code of the error catalogue, if there is one.
    pub code: Option<ErrorCode>,
}

impl Outcome {
    /// A state without a code.
    pub fn of(state: CompanyState) -> Self {
        Self { state, code: None }
    }

    /// A state with the code that explains it.
    pub fn with(state: CompanyState, code: ErrorCode) -> Self {
        Self { state, code: Some(code) }
    }

    /// Whether this product has a target.
    fn has_target(self) -> bool {
        !matches!(self.state, CompanyState::NotMapped | CompanyState::NotBilled)
    }
}

/// The outcome that represents a company on a contract with these products; `None` for no products.
///
/// The state is the worst of them. The code is the worst among the products in that state. If they have none, the
/// worst of the others is shown: changed, and MAP-02 for the product without a service.
pub fn aggregate(products: &[Outcome]) -> Option<Outcome> {
    let state = worst_state(products.iter().map(|product| product.state))?;
    let worst_code = |in_state: bool| {
        let codes = products
            .iter()
            .filter(|product| (product.state == state) == in_state)
            .filter_map(|product| product.code);
        // Of two codes of one level, the first in the catalogue.
        codes.min_by_key(|code| (std::cmp::Reverse(code.level()), *code))
    };
    Some(Outcome { state, code: worst_code(true).or_else(|| worst_code(false)) })
}

/// Whether Kaseya has shown our number for all of a company's targets on a contract: each was just changed and
/// confirmed, or found equal (S-39). Held, off, dismissed or merely sent does not count; neither does a company
/// without targets.
pub fn seen_equal(products: &[Outcome]) -> bool {
    let mut targets = products.iter().filter(|product| product.has_target()).peekable();
    targets.peek().is_some() && targets.all(|product| product.state.is_green())
}
