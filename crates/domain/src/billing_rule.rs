//! Billing rules (B-05): how many units are billed for counted users.

/// The rule of one product at one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingRule {
    /// Trial, own use: the count is part of no number. It does not mean 0 units either: a person decides what happens
    /// to existing units in Kaseya (D-13).
    NotBilled,
    /// Billed by these figures.
    Billed {
        /// At least this many units, however few users there are.
        minimum: u32,
        /// This many users are free of charge.
        included_free: u32,
    },
}

impl Default for BillingRule {
    /// Bills as many units as users are counted.
    fn default() -> Self {
        Self::Billed { minimum: 0, included_free: 0 }
    }
}

impl BillingRule {
    /// The units billed for `counted` users; `None` if the product is not billed.
    ///
    /// Free users are subtracted first, so that the minimum is the least that is charged. A missing count has no
    /// units under any rule: a minimum does not replace it, because more might have been used.
    pub fn billed_units(self, counted: u32) -> Option<u32> {
        match self {
            Self::NotBilled => None,
            Self::Billed { minimum, included_free } => {
                Some(counted.saturating_sub(included_free).max(minimum))
            }
        }
    }
}
