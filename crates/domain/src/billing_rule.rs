//! Billing rules (B-05): how many units counted users are billed as.

/// The rule of one product at one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingRule {
    /// Trial, own use: the count is part of no number. It is not 0 units either: whatever stands in Kaseya for it is a
    /// person's to decide about (D-13).
    NotBilled,
    /// Billed, by these figures.
    Billed {
        /// At least this many units, however few users there are.
        minimum: u32,
        /// This many users are not charged.
        included_free: u32,
    },
}

impl Default for BillingRule {
    /// As many as are counted.
    fn default() -> Self {
        Self::Billed { minimum: 0, included_free: 0 }
    }
}

impl BillingRule {
    /// The units that `counted` users are billed as; `None` for what is not billed.
    ///
    /// Free users are taken off first, so that a minimum is what is charged at the least. A count that is missing has no
    /// units under any rule: a minimum does not stand in for it, because more might have been used.
    pub fn billed_units(self, counted: u32) -> Option<u32> {
        match self {
            Self::NotBilled => None,
            Self::Billed { minimum, included_free } => {
                Some(counted.saturating_sub(included_free).max(minimum))
            }
        }
    }
}
