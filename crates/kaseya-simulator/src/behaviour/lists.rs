//! How lists are paged, and how many calls an hour allows.

use serde::{Deserialize, Serialize};

/// How lists are paged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ListBehaviour {
    /// A list without a requested sort order comes in a different order on each call.
    pub shifting_order: bool,
    /// The maximum number of rows on a page, whatever the request says.
    pub largest_page: Option<u16>,
    /// The last row of each page comes twice.
    pub duplicate_rows: bool,
    /// `totalRecords` is left out.
    pub without_totals: bool,
    /// The first page is number 0.
    pub pages_from_zero: bool,
    /// How several ids are read from a query.
    pub ids: IdsBinding,
    /// A look-up of contracts returns those of all accounts, whichever account the request names.
    pub ignores_account: bool,
    /// The price of each contract in the list of contracts.
    pub contract_prices: ContractPrices,
}

/// How several ids are read from a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum IdsBinding {
    /// The name is repeated for each id.
    #[default]
    Repeated,
    /// One value with commas; if the name is repeated, only the first value counts.
    Comma,
    /// The filter is ignored: everything is shown.
    Ignored,
}

/// The price of each contract in the list of contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum ContractPrices {
    /// The sum of its lines.
    #[default]
    Sum,
    /// Always 0.
    Zero,
    /// Always null.
    Null,
}

/// How calls above the hourly limit are counted and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitBehaviour {
    /// What shares one hourly limit.
    pub counted: Counted,
    /// Calls that V2 accepts per hour.
    pub v2_per_hour: u32,
    /// Calls that V1 accepts per hour.
    pub v1_per_hour: u32,
    /// Whether `Retry-After` says when the hour ends.
    pub retry_after: RetryAfter,
    /// The body is an HTML page.
    pub html: bool,
    /// The status is 403 instead of 429.
    pub forbidden: bool,
}

impl Default for LimitBehaviour {
    fn default() -> Self {
        Self {
            counted: Counted::PerRoute,
            v2_per_hour: 1500,
            v1_per_hour: 500,
            retry_after: RetryAfter::Absent,
            html: false,
            forbidden: false,
        }
    }
}

/// What shares one hourly limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Each route has a limit of its own, whatever its ids.
    PerRoute,
    /// All calls of V2 share one limit, and all calls of V1 another.
    PerInterface,
}

/// Whether a response has a `Retry-After` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryAfter {
    /// No header.
    Absent,
    /// In seconds.
    Seconds,
    /// As an HTTP date.
    Date,
}
