//! How a company stands with a contract.

use advice::Language;
use domain::{NotReady, ProductOutcome, Remark};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::CompanyStatus;
use utoipa::ToSchema;

use super::{Advice, Waiting};
use crate::Advising;

/// Status of a company on a contract.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Status {
    /// Contract id in Kaseya. Null for a company without a contract.
    pub(crate) contract_id: Option<i32>,
    /// Contract name. Null for a company without a contract.
    pub(crate) contract: Option<String>,
    /// `never`, `queued`, `running`, `changed`, `sent`, `unchanged`, `held`, `deferred`, `not_mapped`,
    /// `not_billed`, `not_sent` or `off`.
    pub(crate) state: &'static str,
    /// Code of the error catalogue that explains the state. Null if none is needed.
    pub(crate) code: Option<&'static str>,
    /// Facts in addition to the code. `kind` says what a fact is about; each kind has its own fields: names, units,
    /// days.
    #[schema(value_type = Vec<Object>)]
    remarks: Vec<Remark>,
    /// Kaseya's own message, unchanged. Null without one.
    pub(crate) kaseya_says: Option<String>,
    /// When Kaseya was last seen to hold our number. Null if never.
    pub(crate) last_sync: Option<Timestamp>,
    /// Evidence for the state of its lines: `read` (read in Kaseya), `implied_by_total` (implied by the contract's
    /// total) or `remembered` (only last known). Null before the first reading.
    pub(crate) evidence: Option<&'static str>,
    /// When Kaseya showed that evidence. Null before the first reading.
    pub(crate) evidence_at: Option<Timestamp>,
    /// When a line was last changed. Null if never.
    pub(crate) last_change: Option<Timestamp>,
    /// When it continues by itself. Null if it is not deferred.
    pub(crate) deferred_until: Option<Timestamp>,
    /// What its job waits for. Null if it does not wait.
    wait: Option<Waiting>,
    /// Run that produced this status. Null if none has.
    run_id: Option<String>,
    /// Trace id of that run.
    pub(crate) trace_id: Option<String>,
    /// Products of the company on this contract, as the last job found them.
    pub(crate) products: Vec<ProductStatus>,
}

/// Outcome of one product of a company.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProductStatus {
    pub(crate) product_id: String,
    /// Service id in Kaseya. Null if the product is not mapped.
    service_id: Option<i32>,
    /// One of the values of `Status.state`.
    pub(crate) state: String,
    /// Code of the error catalogue. Null if none is needed.
    pub(crate) code: Option<String>,
    /// Users counted at this company.
    pub(crate) users: Option<u32>,
    /// Units billed for these users.
    pub(crate) billed: Option<u32>,
    /// Day counted.
    pub(crate) count_day: Option<Date>,
    /// Units of the whole line before the change.
    pub(crate) from_units: Option<f64>,
    /// Units wanted for the whole line.
    pub(crate) to_units: Option<u32>,
    /// First day with the new units.
    pub(crate) effective_date: Option<Date>,
    /// The brake that holds it. Null if it is not held.
    brake: Option<String>,
    /// Why it is not billed, as the partner entered it.
    note: Option<String>,
    /// Id shared by the two halves of a plan switch. Null outside a plan switch.
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

/// Status of a company on a contract, with advice.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AdvisedStatus {
    #[serde(flatten)]
    status: Status,
    /// State as a sentence, in the language of `Accept-Language`.
    said: String,
    /// Remarks as sentences, in the language of `Accept-Language`.
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

/// Status of a company on a contract, with advice and the company's name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatusRow {
    company_id: String,
    name: String,
    /// Account id in Kaseya. Null if not mapped.
    account_id: Option<i32>,
    /// Account name. Null if not mapped.
    account: Option<String>,
    /// Why the company's next invoice would be wrong. Null if it would be right.
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
