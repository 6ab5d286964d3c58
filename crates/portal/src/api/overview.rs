//! A partner at one look.

use axum::{Json, extract::State};
use domain::Month;
use jiff::Timestamp;
use operations::read_models::{Company, Numbers, Refused, Run, state_word};
use serde::Serialize;
use store::{StoreError, settings, statuses::overview};
use utoipa::ToSchema;

use super::{
    caller::Caller,
    problem::{Problem, Problems},
};
use crate::Portal;

/// Companies that are listed; all of them are found by the filter `needs-person`.
const COMPANIES: u32 = 100;

/// A partner at a glance.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    /// The partner's id.
    partner: String,
    /// `not_set_up`, `on`, `switching_off` or `off`.
    integration: &'static str,
    /// Set while Kaseya refuses the credentials.
    credentials_refused: Option<Refused>,
    /// Whether all writes of the installation are stopped.
    writes_stopped: bool,
    /// Number of companies by status.
    companies: Numbers,
    /// Companies that need a person, worst first, at most 100.
    needs_person: Vec<Company>,
    /// Number of changes that wait for a person.
    open_holds: u32,
    /// Products with users and without a service.
    unmapped_products: Vec<UnmappedProduct>,
    /// Reports with parts missing for an hour, at most 5. A report counts only once all its parts have arrived.
    incomplete_reports: Vec<IncompleteReport>,
    /// Amount that may be missing on the next invoices, at the lines' prices, in the currency of Kaseya's prices.
    money_at_risk: f64,
    /// Units that may be missing and have no known price.
    units_without_price: u32,
    /// The open run. Null without one.
    running: Option<Run>,
    /// The last run that has ended. Null without one.
    last: Option<Run>,
    /// When the schedule is due next. Null unless the integration is on.
    next_run_at: Option<Timestamp>,
}

/// A report with missing parts.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncompleteReport {
    report_id: String,
    /// Day counted.
    day: jiff::civil::Date,
    /// Number of parts of the report.
    parts: u32,
    /// Number of parts received.
    parts_received: u32,
    /// When the first part arrived.
    since: Timestamp,
}

impl From<store::counts::incomplete_reports::IncompleteReport> for IncompleteReport {
    fn from(report: store::counts::incomplete_reports::IncompleteReport) -> Self {
        Self {
            report_id: report.report.to_string(),
            day: report.day,
            parts: report.parts,
            parts_received: report.received,
            since: report.since,
        }
    }
}

/// A product with users that are not billed.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnmappedProduct {
    product_id: String,
    name: String,
    /// Users by the newest reports.
    users: u32,
}

/// Shows a partner at a glance: its next invoices, the money at risk and the companies that need a person.
#[utoipa::path(get, path = "/", tag = "overview", responses((status = 200, body = Overview), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Overview>, Problem> {
    let (partner, now) = (&caller.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("api_overview", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let last_month = Month::last(now, &zones.count);
                let seen = overview::overview(tx, partner, COMPANIES, last_month, now).await?;
                let writes_stopped = settings::writes_stopped(tx).await?;
                let waits = store::jobs::waiting::runs(tx, partner, now).await?;
                Ok::<_, StoreError>(Some((seen, writes_stopped, waits, zones.count_basis)))
            })
        })
        .await?;
    let (seen, writes_stopped, waits, basis) = read.ok_or(Problem::NotFound)?;
    Ok(Json(Overview {
        partner: partner.to_string(),
        integration: state_word(seen.state),
        credentials_refused: seen.refused.map(Refused::from),
        writes_stopped,
        companies: Numbers::of(seen.companies, &seen.readiness),
        needs_person: seen.needs_person.into_iter().map(|company| Company::of(company, basis)).collect(),
        open_holds: seen.open_holds,
        unmapped_products: seen
            .unmapped_products
            .into_iter()
            .map(|product| UnmappedProduct {
                product_id: product.product.to_string(),
                name: product.name,
                users: product.users,
            })
            .collect(),
        incomplete_reports: seen.incomplete_reports.into_iter().map(IncompleteReport::from).collect(),
        money_at_risk: seen.at_risk.money,
        units_without_price: seen.at_risk.units_without_price,
        running: seen.running.map(|run| Run::of(run, &waits)),
        last: seen.last.map(|run| Run::of(run, &waits)),
        next_run_at: seen.next_run_at,
    }))
}
