//! How a company stands with a contract.

use advice::Language;
use domain::{NotReady, ProductOutcome, Remark};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::CompanyStatus;
use utoipa::ToSchema;

use super::{Advice, Waiting};
use crate::Advising;

/// How a company stands with a contract.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Status {
    pub(crate) contract_id: Option<i32>,
    pub(crate) contract: Option<String>,
    /// never, queued, running, changed, sent, unchanged, held, deferred, not_mapped, not_billed, not_sent or off.
    pub(crate) state: &'static str,
    /// The code of the error catalogue that explains it.
    pub(crate) code: Option<&'static str>,
    /// What is to be known beside the code: facts, of which `kind` says what they are about. Each kind has its own:
    /// names, units, days.
    #[schema(value_type = Vec<Object>)]
    remarks: Vec<Remark>,
    /// Kaseya's own words, as they came.
    pub(crate) kaseya_says: Option<String>,
    /// When Kaseya was last seen to hold our number.
    pub(crate) last_sync: Option<Timestamp>,
    /// What is said of its lines rests on this: read in Kaseya (read), implied by the contract's total
    /// (implied_by_total) or only last known (remembered). Absent before the first reading.
    pub(crate) evidence: Option<&'static str>,
    /// When Kaseya showed that.
    pub(crate) evidence_at: Option<Timestamp>,
    /// When a line was last changed.
    pub(crate) last_change: Option<Timestamp>,
    /// When it goes on by itself.
    pub(crate) deferred_until: Option<Timestamp>,
    /// What its job waits for; null for a row that does not wait.
    wait: Option<Waiting>,
    /// The run that brought it.
    run_id: Option<String>,
    /// The id of that run's trace.
    pub(crate) trace_id: Option<String>,
    pub(crate) products: Vec<ProductStatus>,
}

/// How a product of a company came out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProductStatus {
    pub(crate) product_id: String,
    service_id: Option<i32>,
    pub(crate) state: String,
    /// The code of the error catalogue.
    pub(crate) code: Option<String>,
    /// The company's own count.
    pub(crate) users: Option<u32>,
    /// The units that it is billed as.
    pub(crate) billed: Option<u32>,
    /// The day that was counted.
    pub(crate) count_day: Option<Date>,
    /// The whole line's units before.
    pub(crate) from_units: Option<f64>,
    /// The whole line's units wanted.
    pub(crate) to_units: Option<u32>,
    /// From which day.
    pub(crate) effective_date: Option<Date>,
    /// Which brake holds it.
    brake: Option<String>,
    /// Why it is not billed, as the partner has entered it.
    note: Option<String>,
    /// The id shared by the two halves of a plan switch.
    pair_id: Option<String>,
}

impl From<ProductOutcome> for ProductStatus {
    fn from(row: ProductOutcome) -> Self {
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
            note: row.note,
            pair_id: row.pair.map(|pair| pair.to_string()),
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

/// How a company stands with a contract, and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AdvisedStatus {
    #[serde(flatten)]
    status: Status,
    /// The state in words.
    said: String,
    /// The remarks in words.
    remarked: Vec<String>,
    advice: Vec<Advice>,
}

impl AdvisedStatus {
    /// A status with its sentences in the reader's language.
    pub fn of(row: CompanyStatus, advising: &Advising<'_>, language: Language) -> Self {
        let advice = advising.of_company(&row, language).into_iter();
        Self {
            said: advising.state(&row, language),
            remarked: advising.remarks(&row, language),
            advice: advice.map(|advice| Advice::of(advice, language)).collect(),
            status: row.into(),
        }
    }
}

/// The same in a list of all companies and contracts, which names the company in each row.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatusRow {
    company_id: String,
    name: String,
    account_id: Option<i32>,
    account: Option<String>,
    /// Why its next invoice would be wrong; null: it would be right.
    not_ready: Option<&'static str>,
    #[serde(flatten)]
    status: AdvisedStatus,
}

impl StatusRow {
    /// A row of the list. `not_ready` says why the company's next invoice would be wrong.
    pub fn of(
        row: CompanyStatus,
        not_ready: Option<NotReady>,
        advising: &Advising<'_>,
        language: Language,
    ) -> Self {
        Self {
            company_id: row.company.to_string(),
            name: row.name.clone(),
            account_id: row.account.as_ref().map(|(account, _)| account.0),
            account: row.account.as_ref().map(|(_, name)| name.clone()),
            not_ready: not_ready.map(NotReady::as_str),
            status: AdvisedStatus::of(row, advising, language),
        }
    }
}
