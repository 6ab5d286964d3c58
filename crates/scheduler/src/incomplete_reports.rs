//! Announces reports that stay incomplete.
//!
//! For the main loop: [`tell`], with the month ends. A report counts only once all its parts have come in. Until then
//! older counts are sent and a month may stay open, so the sender of the report is informed after an hour.

use bus::EventTopic;
use jiff::{SignedDuration, Timestamp};
use messages::{Message as _, field::wire_instant, v1};
use store::{
    StoreError,
    counts::incomplete_reports::{self, IncompleteReport},
    messages::events::{NewEvent, store_events},
};

use crate::context::Context;

/// How long a report may lack parts before it is announced.
const INCOMPLETE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How many reports one round announces.
const ROUND: i64 = 100;

/// Announces reports that have been incomplete for an hour. Returns how many.
pub(crate) async fn tell(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let since = now.saturating_sub(INCOMPLETE_FOR).unwrap_or(Timestamp::MIN);
    context
        .store
        .transaction("tell_incomplete_reports", |tx| {
            Box::pin(async move {
                let unannounced = incomplete_reports::take_unannounced(tx, since, ROUND, now).await?;
                for (partner, report) in &unannounced {
                    tracing::warn!(
                        %partner, report = %report.report, received = report.received, parts = report.parts,
                        "a report of user counts is still incomplete: it does not count yet"
                    );
                    let events = vec![NewEvent::new(
                        EventTopic::ReportIncomplete.routing_key(),
                        v1::ReportIncomplete::KIND,
                        &message(partner.as_str(), report, now),
                    )];
                    store_events(tx, partner, events, now).await?;
                }
                Ok(unannounced.len())
            })
        })
        .await
}

fn message(partner: &str, report: &IncompleteReport, now: Timestamp) -> v1::ReportIncomplete {
    v1::ReportIncomplete {
        number: None,
        partner_id: partner.to_owned(),
        report_id: report.report.to_string(),
        day: report.day.to_string(),
        parts: Some(report.parts),
        parts_received: Some(report.received),
        since: Some(wire_instant(report.since)),
        at: Some(wire_instant(now)),
    }
}
