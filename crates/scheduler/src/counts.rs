//! User counts as the provider reports them.
//!
//! For the main loop: [`handle_counts`] for every delivery of the queue `counts`.
//!
//! Parts may come in any order and more than once. What all parts say of the report as a whole must agree, and a company
//! stands in one part only: a part that contradicts another is a dead letter, and nothing of it is taken in. A report counts
//! once all its parts have come in; then requests that wait for it go on, and a month may be frozen.

use bus::{Incoming, Settlement};
use domain::{FailureClass, Month};
use jiff::{SignedDuration, Timestamp};
use messages::inbound::CountsReport;
use store::{
    StoreError, Transaction,
    reports::{self, PartStanding, ReportHead, ReportedCompany, ReportedCount},
};

use crate::{context::Context, month_end, requests::wake_waiting, settlement::after_failure};

/// How far ahead of ours the provider's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Why a part is not taken in.
#[derive(Debug, thiserror::Error)]
enum IntakeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Refused(String),
}

impl IntakeError {
    fn class(&self) -> FailureClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Refused(_) => FailureClass::Poison,
        }
    }
}

/// Takes one part of a report.
pub(crate) async fn handle_counts(context: &Context, incoming: &Incoming) -> Settlement {
    let report = match CountsReport::decode(incoming.kind.as_deref(), &incoming.body) {
        Ok(report) => report,
        Err(error) => return Settlement::DeadLetter(error.to_string()),
    };
    let now = context.clock.now();
    if report.counted_at > now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
        // It would stand as the newest of its day until that instant has come.
        return Settlement::DeadLetter("counted_at: it is in the future".to_owned());
    }
    let part = Part::of(&report);
    match context.store.transaction("take_counts", |tx| Box::pin(take(tx, &report, &part, now))).await {
        Ok(completed) => {
            if completed {
                after_completion(context, &report).await;
            }
            Settlement::Done
        }
        Err(error) => after_failure("part of a report", &error, error.class()),
    }
}

/// What a complete report brings about. Each of it is found again by the main loop's rounds, should it fail here.
async fn after_completion(context: &Context, report: &CountsReport) {
    let (partner, id) = (&report.partner, &report.report);
    tracing::info!(%partner, report = %id, day = %report.day, "report of user counts complete");
    if report.day == report.day.last_of_month()
        && let Err(error) = month_end::freeze(context, partner, Month::of(report.day)).await
    {
        tracing::warn!(%partner, %error, "the month could not be frozen yet");
    }
    if let Err(error) = wake_waiting(context).await {
        tracing::warn!(%partner, %error, "waiting requests could not go on yet");
    }
}

/// A part as the tables take it.
struct Part {
    head: ReportHead,
    number: i32,
    companies: Vec<ReportedCompany>,
    counts: Vec<ReportedCount>,
}

impl Part {
    fn of(report: &CountsReport) -> Self {
        let head = ReportHead {
            report: report.report.clone(),
            day: report.day,
            counted_at: report.counted_at,
            is_final: report.is_final,
            parts: i32::try_from(report.parts).unwrap_or(i32::MAX),
        };
        let companies = report
            .companies
            .iter()
            .map(|counts| ReportedCompany { company: counts.company.clone(), name: counts.name.clone() })
            .collect();
        let counts = report.companies.iter().flat_map(|company| {
            company.products.iter().map(|count| ReportedCount {
                company: company.company.clone(),
                product: count.product.clone(),
                product_name: count.name.clone(),
                users: count.users.zip(count.basis),
            })
        });
        let number = i32::try_from(report.part).unwrap_or(i32::MAX);
        Self { head, number, companies, counts: counts.collect() }
    }
}

/// True when the part made its report complete.
async fn take(
    tx: &Transaction<'_>,
    report: &CountsReport,
    part: &Part,
    now: Timestamp,
) -> Result<bool, IntakeError> {
    let (partner, id) = (&report.partner, &report.report);
    match reports::note_part(tx, partner, &part.head, part.number, now).await? {
        PartStanding::New => {}
        PartStanding::Repeated => return Ok(false),
        PartStanding::UnknownPartner => {
            return Err(IntakeError::Refused(format!("there is no partner {partner}")));
        }
        PartStanding::OtherHead => {
            return Err(IntakeError::Refused(format!(
                "another part of report {id} has another day, counted_at, final or number of parts"
            )));
        }
    }
    let elsewhere = reports::add_companies(tx, partner, id, &part.companies).await?;
    if let Some(company) = elsewhere.first() {
        return Err(IntakeError::Refused(format!(
            "company {company} stands in another part of report {id} too"
        )));
    }
    reports::add_counts(tx, partner, id, &part.counts).await?;
    Ok(reports::complete(tx, partner, id, now).await?)
}

#[cfg(test)]
mod tests;
