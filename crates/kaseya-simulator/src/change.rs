//! What a person does in Kaseya's pages, as a file or another program can say it. The history keeps none of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ContractStatus;

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Change {
    /// A contract gets a last day.
    ContractEnds {
        /// Which contract.
        contract: i32,
        /// Its last day.
        on: Date,
    },
    /// A contract is activated or deactivated.
    ContractBecomes {
        /// Which contract.
        contract: i32,
        /// What it is from now on.
        status: ContractStatus,
    },
    /// A contract goes to another account.
    ContractMoves {
        /// Which contract.
        contract: i32,
        /// To which account.
        account: i32,
    },
    /// A contract is deleted with its lines.
    ContractGoes {
        /// Which contract.
        contract: i32,
    },
    /// A line comes a second time, with an id of its own.
    LineTwice {
        /// On which contract.
        contract: i32,
        /// Which line.
        line: i32,
    },
    /// A line is deleted.
    LineGoes {
        /// From which contract.
        contract: i32,
        /// Which line.
        line: i32,
    },
    /// The units of a line are edited.
    Units {
        /// On which contract.
        contract: i32,
        /// Which line.
        line: i32,
        /// How many.
        units: f64,
    },
    /// The price of a line is edited.
    Price {
        /// On which contract.
        contract: i32,
        /// Which line.
        line: i32,
        /// What one unit is sold for.
        unit_price: f64,
    },
    /// A line counts itself: each midnight it has its own number again.
    CountsItself {
        /// On which contract.
        contract: i32,
        /// Which line.
        line: i32,
        /// Its own number; without one it counts itself no longer.
        #[serde(default)]
        units: Option<f64>,
    },
    /// An account becomes active or inactive.
    AccountBecomes {
        /// Which account.
        account: i32,
        /// Whether it is active.
        active: bool,
    },
    /// An account is deleted; its contracts stay behind.
    AccountGoes {
        /// Which account.
        account: i32,
    },
    /// A service becomes active or inactive.
    ServiceBecomes {
        /// Which service.
        service: i32,
        /// Whether it is active.
        active: bool,
    },
    /// A service is deleted from the catalogue; its lines stay behind.
    ServiceGoes {
        /// Which service.
        service: i32,
    },
    /// The user's password is another.
    Password(String),
}
