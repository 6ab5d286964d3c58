//! A company: its mapping, its numbers, and how it stands with each contract.

use std::collections::BTreeMap;

use domain::{CountBasis, NotReady, ProductId};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::{
    counts::{Users, billed_month::Charges},
    statuses::listing::ListedCompany,
};
use utoipa::ToSchema;

use super::{Mapping, Status};

/// A company with its mapping, its user counts and its status on each contract.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Company {
    company_id: String,
    name: String,
    /// Closing day: from this day on its wanted units are 0. Null if it has none.
    closed_from: Option<Date>,
    /// Account and contracts. Null if not mapped.
    mapping: Option<Mapping>,
    /// Counts of its newest complete report. Null before the first.
    newest: Option<Counted>,
    /// Frozen counts of last month, by product. Null if none was frozen. A product's count is null if it could not
    /// be taken.
    #[schema(value_type = Option<BTreeMap<String, Option<u32>>>)]
    last_month: Option<BTreeMap<ProductId, Option<u32>>>,
    /// Users the provider charges for last month, by product. Null if the provider has not sent its charges.
    #[schema(value_type = Option<BTreeMap<String, u32>>)]
    charged: Option<BTreeMap<ProductId, u32>>,
    /// Why the next invoice would be wrong if it were made at its instant with the current settings. The values are
    /// those of `found.not_ready`. Null if the invoice would be right.
    not_ready: Option<&'static str>,
    /// Status per contract.
    statuses: Vec<Status>,
}

/// A company's counts in a report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Counted {
    /// What the numbers count: `users` or `licences`.
    basis: &'static str,
    /// Day counted.
    day: Date,
    /// Instant of the count.
    counted_at: Timestamp,
    /// Users by product. Null if the count could not be taken; null never means 0.
    #[schema(value_type = BTreeMap<String, Option<u32>>)]
    users: BTreeMap<ProductId, Option<u32>>,
}

impl Company {
    /// A company of a list; `basis` is what the partner's numbers count.
    pub fn of(listed: ListedCompany, basis: CountBasis) -> Self {
        Self {
            company_id: listed.id.to_string(),
            name: listed.company.name,
            closed_from: listed.company.closed_from,
            mapping: listed.company.mapping.map(Mapping::from),
            newest: listed.newest.map(|newest| Counted {
                basis: basis.as_str(),
                day: newest.day,
                counted_at: newest.counted_at,
                users: newest.users.0,
            }),
            last_month: listed.last_month.map(|Users(users)| users),
            charged: listed.charged.map(|Charges(users)| users),
            not_ready: listed.not_ready.map(NotReady::as_str),
            statuses: listed.statuses.into_iter().map(Status::from).collect(),
        }
    }
}
