//! User counts as the provider reports them.
//!
//! For the main loop: [`handle_counts`] for every delivery of the queue `counts`.
//!
//! Parts may come in any order and more than once. All parts must agree on what they say of the report as a whole,
//! and a company may be in one part only. A part that contradicts another part, or its own earlier copy, becomes a
//! dead letter and an event, and none of it is stored. A report counts once all its parts have come in. Then requests
//! that wait for it go on, and a month may be frozen. The report's day must have begun in the partner's count zone
//! before the report was counted (G-07).

use bus::{EventTopic, Incoming};
use domain::{MAX_NAME, Month, check_count_time, fit_text};
use jiff::{SignedDuration, Timestamp};
use messages::{
    Message as _,
    field::wire_instant,
    inbound::{CountsReport, Unreadable},
    v1,
};
use store::{
    StoreError, Transaction,
    counts::{
        reports::{self, PartStanding, ReportHead, ReportedCompany, ReportedCount},
        senders::Sender,
    },
    messages::events::{NewEvent, store_events},
    settings,
};

use crate::{
    announce::{Verdict, answer_report, refuse_unreadable},
    context::Context,
    month_end,
    requests::wake_waiting,
    settlement::{Handled, after_failure},
};

/// Why a part is not accepted.
#[derive(Debug, thiserror::Error)]
enum IntakeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{reason}")]
    Refused { code: &'static str, reason: String },
    #[error("the clocks of this machine and of the database differ by {0:#}")]
    OurClocks(SignedDuration),
}

/// The code for an unknown partner.
const UNKNOWN_PARTNER: &str = "UNKNOWN-PARTNER";
/// The code for an id that was used with other content.
const ID_USED: &str = "ID-USED";

/// Stores one part of a report and answers it.
pub(crate) async fn handle_counts(context: &Context, incoming: &Incoming) -> Handled {
    let report = match CountsReport::decode(incoming.kind.as_deref(), &incoming.body) {
        Ok(report) => report,
        Err(error) => {
            let unreadable = Unreadable::of_counts(&incoming.body);
            return refuse_unreadable(context, unreadable, error.for_sender()).await;
        }
    };
    let (now, skew) = (context.clock.now(), context.clock.skew());
    let part = Part::of(&report, sender(incoming));
    let taken =
        context.store.transaction("take_counts", |tx| Box::pin(take(tx, &report, &part, now, skew))).await;
    let complete = match taken {
        Ok(Intake { just_complete, complete }) => {
            if just_complete {
                after_completion(context, &report).await;
            }
            complete
        }
        Err(IntakeError::Refused { code, reason }) => {
            return refuse(context, &report, code, reason, now).await;
        }
        Err(error @ IntakeError::OurClocks(_)) => return Handled::Waits(error.to_string()),
        Err(IntakeError::Store(error)) => return after_failure("part of a report", &error, error.class()),
    };
    let part = Some(report.part);
    let told =
        answer_report(context, &report.partner, &report.report, part, &Verdict::Taken, Some(complete)).await;
    match told {
        Ok(()) => Handled::DONE,
        Err(error) => after_failure("answer of a report", &error, error.class()),
    }
}

/// Answers a part that is not accepted, informs listeners, and dead-letters it.
async fn refuse(
    context: &Context,
    report: &CountsReport,
    code: &'static str,
    reason: String,
    now: Timestamp,
) -> Handled {
    if let Err(error) = tell_refused(context, report, &reason, now).await {
        return after_failure("refusal of a report", &error, error.class());
    }
    let verdict = Verdict::refused(code, reason.clone());
    match answer_report(context, &report.partner, &report.report, Some(report.part), &verdict, None).await {
        Ok(()) => Handled::condemned(reason),
        Err(error) => after_failure("answer of a report", &error, error.class()),
    }
}

/// Tells listeners that a part was not accepted: counts that do not arrive are not billed.
async fn tell_refused(
    context: &Context,
    report: &CountsReport,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let partner = &report.partner;
    tracing::warn!(%partner, report = %report.report, part = report.part, reason, "part of a report refused");
    let refused = v1::ReportRefused {
        number: None,
        partner_id: partner.to_string(),
        report_id: report.report.to_string(),
        part: Some(report.part),
        reason: reason.to_owned(),
        at: Some(wire_instant(now)),
    };
    let told = &NewEvent::new(EventTopic::ReportRefused.routing_key(), v1::ReportRefused::KIND, &refused);
    context
        .store
        .transaction("tell_refused_report", |tx| {
            Box::pin(async move {
                // An unknown partner has no events.
                if settings::count_zone(tx, partner).await?.is_none() {
                    return Ok(());
                }
                store_events(tx, partner, vec![told.clone()], now).await
            })
        })
        .await
}

/// Runs what follows a complete report. If any of it fails here, the main loop's rounds find it again.
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

/// The publisher of a part, as named by the broker and the sender. Our API tells the database which token sent it.
fn sender(incoming: &Incoming) -> Sender {
    let fit = |name: &Option<String>| {
        let name = fit_text(name.as_deref()?.trim(), MAX_NAME);
        (!name.is_empty()).then_some(name)
    };
    Sender::Message { user: fit(&incoming.user), app: fit(&incoming.app) }
}

/// A part as the tables store it.
struct Part {
    sender: Sender,
    head: ReportHead,
    number: i32,
    content: String,
    companies: Vec<ReportedCompany>,
    counts: Vec<ReportedCount>,
}

impl Part {
    fn of(report: &CountsReport, sender: Sender) -> Self {
        let head = ReportHead {
            report: report.report.clone(),
            day: report.day,
            counted_at: report.counted_at,
            is_final: report.is_final,
            parts: i32::try_from(report.parts).unwrap_or(i32::MAX),
            from_file: false,
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
        Self { sender, head, number, content: report.content(), companies, counts: counts.collect() }
    }
}

/// The result of storing a part.
struct Intake {
    /// This part completed its report.
    just_complete: bool,
    /// All parts have come in.
    complete: bool,
}

async fn take(
    tx: &Transaction<'_>,
    report: &CountsReport,
    part: &Part,
    now: Timestamp,
    skew: SignedDuration,
) -> Result<Intake, IntakeError> {
    let (partner, id) = (&report.partner, &report.report);
    let refused = |code, reason| Err(IntakeError::Refused { code, reason });
    let unknown = || format!("there is no partner {partner}");
    let Some(zone) = settings::count_zone(tx, partner).await? else {
        return refused(UNKNOWN_PARTNER, unknown());
    };
    if let Err(error) = check_count_time(report.day, report.counted_at, &zone, now) {
        // If this machine's clock disagrees, one of our two clocks is wrong, and the report may be right.
        let by_machine = now.saturating_add(skew).unwrap_or(now);
        if check_count_time(report.day, report.counted_at, &zone, by_machine).is_ok() {
            return Err(IntakeError::OurClocks(skew));
        }
        return refused("IN-THE-FUTURE", format!("{}: {error}", error.field()));
    }
    match reports::note_part(tx, partner, &part.head, (part.number, &part.content), &part.sender, now).await?
    {
        PartStanding::New => {}
        PartStanding::Repeated => {
            let complete = reports::is_complete(tx, partner, id).await?;
            return Ok(Intake { just_complete: false, complete });
        }
        PartStanding::UnknownPartner => return refused(UNKNOWN_PARTNER, unknown()),
        PartStanding::OtherHead => {
            let reason =
                format!("another part of report {id} has another day, counted_at, final or number of parts");
            return refused(ID_USED, reason);
        }
        PartStanding::OtherContent => {
            let reason = format!(
                "part {} of report {id} came in before with other content; other counts are another report, with an id of \
                 its own",
                part.number
            );
            return refused(ID_USED, reason);
        }
    }
    let elsewhere = reports::add_companies(tx, partner, id, &part.companies).await?;
    if let Some(company) = elsewhere.first() {
        return refused(ID_USED, format!("company {company} stands in another part of report {id} too"));
    }
    reports::add_counts(tx, partner, id, &part.counts).await?;
    let complete = reports::complete(tx, partner, id, now).await?;
    Ok(Intake { just_complete: complete, complete })
}

#[cfg(test)]
mod tests;
