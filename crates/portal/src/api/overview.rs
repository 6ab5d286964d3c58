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

/// A partner at one look.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    /// The partner.
    partner: String,
    /// not_set_up, on, switching_off or off.
    integration: &'static str,
    /// Set while Kaseya refuses the credentials.
    credentials_refused: Option<Refused>,
    /// Whether all writes of the installation are stopped.
    writes_stopped: bool,
    /// The companies by how they stand.
    companies: Numbers,
    /// Those that need a person, the worst first, at most 100.
    needs_person: Vec<Company>,
    /// Changes that wait for a person.
    open_holds: u32,
    /// Products without a service that have users.
    unmapped_products: Vec<UnmappedProduct>,
    /// Reports of which parts have been missing for an hour: they do not count until all have come in. At most 5.
    incomplete_reports: Vec<IncompleteReport>,
    /// What may be missing on the next invoices, at the lines' prices.
    money_at_risk: f64,
    /// Units that may be missing and whose price is not known.
    units_without_price: u32,
    /// The run that goes on.
    running: Option<Run>,
    /// The last one that has ended.
    last: Option<Run>,
    /// When the schedule is due; null unless the integration is on.
    next_run_at: Option<Timestamp>,
}

/// A report of which parts are still to come.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncompleteReport {
    report_id: String,
    /// The day that was counted.
    day: jiff::civil::Date,
    parts: u32,
    parts_received: u32,
    /// When the first part came in.
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

/// A product whose users are billed to nobody.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnmappedProduct {
    product_id: String,
    name: String,
    /// Users by the newest reports.
    users: u32,
}

/// A partner at one look: how its invoices stand, what is at risk, and who needs a person.
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
