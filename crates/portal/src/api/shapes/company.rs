//! A company: its mapping, its numbers, and how it stands with each contract.

use std::collections::BTreeMap;

use domain::{CountBasis, NotReady, ProductId, Remark};
use jiff::{Timestamp, civil::Date};
use operations::read_models::Waiting;
use serde::Serialize;
use store::{
    counts::{Users, billed_month::Charges},
    settings::{self, CompanyMapping},
    statuses::{CompanyStatus, listing::ListedCompany, outcomes::ProductRow},
};
use utoipa::ToSchema;

/// A company: its mapping, its numbers, and how it stands with each contract.
#[derive(Serialize, ToSchema)]
pub(crate) struct Company {
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
#[derive(Serialize, ToSchema)]
pub(crate) struct Counted {
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

/// Account and contract of a company.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mapping {
    account_id: i32,
    account: String,
    contract: ContractName,
    /// Products that have their own contract of the account.
    #[schema(value_type = BTreeMap<String, ContractName>)]
    product_contracts: BTreeMap<ProductId, ContractName>,
    /// Goes up with every edit; an edit names it.
    version: u32,
}

/// A contract, as it was mapped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractName {
    contract_id: i32,
    name: String,
}

/// How a company stands with a contract.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    contract_id: Option<i32>,
    contract: Option<String>,
    /// never, queued, running, changed, sent, unchanged, held, deferred, not_mapped, not_billed, not_sent or off.
    state: &'static str,
    /// The code of the error catalogue that explains it.
    code: Option<&'static str>,
    /// What is to be known beside the code: facts, of which `kind` says what they are about. Each kind has its own:
    /// names, units, days.
    #[schema(value_type = Vec<Object>)]
    remarks: Vec<Remark>,
    /// Kaseya's own words, as they came.
    kaseya_says: Option<String>,
    /// When Kaseya was last seen to hold our number.
    last_sync: Option<Timestamp>,
    /// What is said of its lines rests on this: read in Kaseya (read), implied by the contract's total
    /// (implied_by_total) or only last known (remembered). Absent before the first reading.
    evidence: Option<&'static str>,
    /// When Kaseya showed that.
    evidence_at: Option<Timestamp>,
    /// When a line was last changed.
    last_change: Option<Timestamp>,
    /// When it goes on by itself.
    deferred_until: Option<Timestamp>,
    /// What its job waits for; null for a row that does not wait.
    wait: Option<Waiting>,
    /// The run that brought it.
    run_id: Option<String>,
    /// The id of that run's trace.
    trace_id: Option<String>,
    products: Vec<ProductStatus>,
}

/// How a product of a company came out.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductStatus {
    product_id: String,
    service_id: Option<i32>,
    state: String,
    /// The code of the error catalogue.
    code: Option<String>,
    /// The company's own count.
    users: Option<u32>,
    /// The units that it is billed as.
    billed: Option<u32>,
    /// The day that was counted.
    count_day: Option<Date>,
    /// The whole line's units before.
    from_units: Option<f64>,
    /// The whole line's units wanted.
    to_units: Option<u32>,
    /// From which day.
    effective_date: Option<Date>,
    /// Which brake holds it.
    brake: Option<String>,
}

impl From<ProductRow> for ProductStatus {
    fn from(row: ProductRow) -> Self {
        Self {
            product_id: row.product,
            service_id: row.service,
            state: row.state,
            code: row.code,
            users: row.users,
            billed: row.billed,
            count_day: row.count_day,
            from_units: row.from,
            to_units: row.to,
            effective_date: row.effective,
            brake: row.brake,
        }
    }
}

impl From<CompanyStatus> for Status {
    fn from(row: CompanyStatus) -> Self {
        Self {
            contract_id: row.contract.as_ref().map(|(contract, _)| contract.0),
            contract: row.contract.map(|(_, name)| name),
            state: row.state.as_str(),
            code: row.code.map(domain::ErrorCode::as_str),
            remarks: row.remarks,
            kaseya_says: row.kaseya_says,
            last_sync: row.last_sync,
            evidence: row.evidence.map(domain::Evidence::kind),
            evidence_at: row.evidence.map(domain::Evidence::at),
            last_change: row.last_change,
            deferred_until: row.deferred_until,
            wait: row.wait.map(Waiting::from),
            run_id: row.run.map(|run| run.to_string()),
            trace_id: row.trace_id,
            products: row.products.into_iter().map(ProductStatus::from).collect(),
        }
    }
}

impl From<CompanyMapping> for Mapping {
    fn from(known: CompanyMapping) -> Self {
        let named =
            |contract: settings::Contract| ContractName { contract_id: contract.id.0, name: contract.name };
        Self {
            account_id: known.account.0,
            account: known.account_name,
            contract: named(known.contract),
            product_contracts: known
                .product_contracts
                .into_iter()
                .map(|(product, contract)| (product, named(contract)))
                .collect(),
            version: known.version,
        }
    }
}

impl Company {
    pub(crate) fn of(listed: ListedCompany, basis: CountBasis) -> Self {
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
