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

/// A company: its mapping, its numbers, and how it stands with each contract.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Company {
    company_id: String,
    name: String,
    /// From this day on its wanted units are 0.
    closed_from: Option<Date>,
    /// Its account and contract; null while it has none.
    mapping: Option<Mapping>,
    /// The newest complete report.
    newest: Option<Counted>,
    /// Last month's frozen numbers by product; a count that could not be taken is null.
    #[schema(value_type = Option<BTreeMap<String, Option<u32>>>)]
    last_month: Option<BTreeMap<ProductId, Option<u32>>>,
    /// What the provider charges for last month, by product; null while it has not told of it.
    #[schema(value_type = Option<BTreeMap<String, u32>>)]
    charged: Option<BTreeMap<ProductId, u32>>,
    /// Why its next invoice would not be right if it were made, by these settings, at its instant; null: it would be. The
    /// reasons are those of `found.not_ready`.
    not_ready: Option<&'static str>,
    /// How it stands, per contract.
    statuses: Vec<Status>,
}

/// What a report says of a company.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Counted {
    /// What the numbers count: users or licences.
    basis: &'static str,
    /// The day that was counted.
    day: Date,
    /// The instant of counting.
    counted_at: Timestamp,
    /// Users by product; a count that could not be taken is null, which is never 0.
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
