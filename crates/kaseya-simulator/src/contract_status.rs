//! Whether a contract bills.

use serde::{Deserialize, Serialize};

/// Whether a contract bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContractStatus {
    /// It bills.
    Active,
    /// Not activated yet, or deactivated.
    Inactive,
}

impl ContractStatus {
    /// Kaseya's word for the status.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        }
    }
}
