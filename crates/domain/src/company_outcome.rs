//! How a company came out on one contract.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{AccountId, CompanyId, CompanyState, ContractId, ErrorCode, Evidence, PairId, Remark};

/// The outcome of one company on one contract.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyOutcome {
    /// The company.
    pub company: CompanyId,
    /// Its contract; `None` if not mapped.
    pub contract: Option<ContractId>,
    /// Its account; `None` if not mapped.
    pub account: Option<AccountId>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains the state; `None` if none is needed.
    pub code: Option<ErrorCode>,
    /// Remarks in addition to the code.
    pub remarks: Vec<Remark>,
    /// Kaseya's own message; `None` without one.
    pub kaseya_says: Option<String>,
    /// Its products.
    pub products: Vec<ProductOutcome>,
    /// Whether Kaseya was seen to hold our number (S-39).
    pub seen_equal: bool,
    /// The evidence for its lines; `None` if nothing was seen of them this time.
    pub evidence: Option<Evidence>,
    /// Until when it is deferred; `None` if it is not.
    pub deferred_until: Option<Timestamp>,
}

/// The outcome of one product of a company, as `statuses.products` and `run_companies.products` store it too. States,
/// codes and brakes are texts: the tables may hold those of a newer program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductOutcome {
    /// The provider's product.
    pub product: String,
    /// Kaseya's service; absent if the product is not mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<i32>,
    /// One of a closed list of states.
    pub state: String,
    /// A code of the error catalogue; absent if none is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The company's own user count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// The units billed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<u32>,
    /// The day counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_day: Option<Date>,
    /// The whole line's units before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// The whole line's units wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// The first day with the new units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// The brake that holds it; absent if it is not held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brake: Option<String>,
    /// Why it is not billed, as the partner has entered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The id shared by the two halves of a plan switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<PairId>,
}
