//! How lists are cut into pages, and how many calls an hour takes.

use serde::{Deserialize, Serialize};

/// How lists are cut into pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ListBehaviour {
    /// A list that is not asked to be sorted comes in another order at each call.
    pub shifting_order: bool,
    /// No page has more rows than this, whatever is asked for.
    pub largest_page: Option<u16>,
    /// The last row of each page comes twice.
    pub duplicate_rows: bool,
    /// `totalRecords` is left out.
    pub without_totals: bool,
    /// The first page is number 0.
    pub pages_from_zero: bool,
    /// How several ids are taken from a query.
    pub ids: IdsBinding,
    /// A look-up of contracts shows those of all accounts, whichever is asked for.
    pub ignores_account: bool,
    /// What the list of contracts shows as each one's price.
    pub contract_prices: ContractPrices,
}

/// How several ids are taken from a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum IdsBinding {
    /// The name comes once for each id.
    #[default]
    Repeated,
    /// One value with commas; of a repeated name the first.
    Comma,
    /// The filter is not known: everything is shown.
    Ignored,
}

/// What the list of contracts shows as each one's price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum ContractPrices {
    /// What its lines add up to.
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
    /// What the calls of an hour are counted by.
    pub counted: Counted,
    /// Calls that V2 takes in an hour.
    pub v2_per_hour: u32,
    /// Calls that V1 takes in an hour.
    pub v1_per_hour: u32,
    /// Whether `Retry-After` says when the hour ends.
    pub retry_after: RetryAfter,
    /// The body is an HTML page.
    pub html: bool,
    /// The status is 403 and not 429.
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

/// What the calls of an hour are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Each route, whatever its ids, has an hour of its own.
    PerRoute,
    /// All calls of V2 share one hour, and all calls of V1.
    PerInterface,
}

/// Whether an answer has a `Retry-After` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryAfter {
    /// It has none.
    Absent,
    /// In seconds.
    Seconds,
    /// As an HTTP date.
    Date,
}
