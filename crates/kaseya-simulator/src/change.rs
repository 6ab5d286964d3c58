//! A person's actions on Kaseya's pages, as a file or another program states them. The history does not record
//! them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ContractStatus;

/// One action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Change {
    /// A contract gets a last day.
    ContractEnds {
        /// The contract's id.
        contract: i32,
        /// Its last day.
        on: Date,
    },
    /// A contract is activated or deactivated.
    ContractBecomes {
        /// The contract's id.
        contract: i32,
        /// Its new status.
        status: ContractStatus,
    },
    /// A contract moves to another account.
    ContractMoves {
        /// The contract's id.
        contract: i32,
        /// The new account's id.
        account: i32,
    },
    /// A contract is deleted with its lines.
    ContractGoes {
        /// The contract's id.
        contract: i32,
    },
    /// A line is duplicated; the copy has an id of its own.
    LineTwice {
        /// The contract's id.
        contract: i32,
        /// The line's id.
        line: i32,
    },
    /// A line is deleted.
    LineGoes {
        /// The contract's id.
        contract: i32,
        /// The line's id.
        line: i32,
    },
    /// The units of a line are edited.
    Units {
        /// The contract's id.
        contract: i32,
        /// The line's id.
        line: i32,
        /// The new units.
        units: f64,
    },
    /// The price of a line is edited.
    Price {
        /// The contract's id.
        contract: i32,
        /// The line's id.
        line: i32,
        /// The new price of one unit.
        unit_price: f64,
    },
    /// A line counts itself: every midnight it has its own number again.
    CountsItself {
        /// The contract's id.
        contract: i32,
        /// The line's id.
        line: i32,
        /// Its own number; if absent, the line stops counting itself.
        #[serde(default)]
        units: Option<f64>,
    },
    /// An account becomes active or inactive.
    AccountBecomes {
        /// The account's id.
        account: i32,
        /// Whether it is active.
        active: bool,
    },
    /// An account is deleted; its contracts stay behind.
    AccountGoes {
        /// The account's id.
        account: i32,
    },
    /// A service becomes active or inactive.
    ServiceBecomes {
        /// The service's id.
        service: i32,
        /// Whether it is active.
        active: bool,
    },
    /// A service is deleted from the catalogue; its lines stay behind.
    ServiceGoes {
        /// The service's id.
        service: i32,
    },
    /// The user's new password.
    Password(String),
}
