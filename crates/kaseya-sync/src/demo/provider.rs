//! The provider of the demo: sends its counts over the bus, as the real one does.

use bus::{Outgoing, Queue, TraceContext};
use domain::{Month, ReportId};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use messages::v1;
use store::counts::{self, reports};

use super::{msp, steps::Demo};

/// Companies per part of a report.
const PART: usize = 15;

/// Reports today's counts, and waits until all of them have arrived.
///
/// The provider reports the last day of a month as final. A demo that was kept over the end of a month gets that
/// report now, if it already counted in that month: until the invoice day only the frozen counts are sent.
pub(super) async fn report(demo: &Demo) -> anyhow::Result<()> {
    let now = demo.services.clock.now();
    let today = TimeZone::get(msp::ZONE)?.to_datetime(now).date();
    let last_day = Month::of(today).previous().last_day();
    let partner = &demo.partner;
    let since = demo
        .services
        .store
        .transaction("counted_since", |tx| Box::pin(counts::counted_since(tx, partner)))
        .await?;
    if since.is_some_and(|since| since <= last_day) {
        send(demo, last_day, true, now).await?;
    }
    send(demo, today, false, now).await
}

async fn send(demo: &Demo, day: Date, is_final: bool, now: Timestamp) -> anyhow::Result<()> {
    let entropy = &demo.context.entropy;
    let report = ReportId::new(format!("demo-{}", entropy.uuid(now)))?;
    let companies: Vec<v1::CompanyCounts> = msp::counts();
    let parts: Vec<&[v1::CompanyCounts]> = companies.chunks(PART).collect();
    for (n, part) in (1..).zip(&parts) {
        let message = v1::UserCountsReported {
            partner_id: demo.partner.to_string(),
            report_id: report.to_string(),
            day: day.to_string(),
            counted_at: Some(messages::field::wire_instant(now)),
            part: Some(n),
            parts: Some(u32::try_from(parts.len())?),
            r#final: Some(is_final),
            companies: part.to_vec(),
        };
        let outgoing = Outgoing::new(entropy.uuid(now), TraceContext::default(), &message);
        demo.services.bus.publish(Queue::Counts, outgoing).await?;
    }
    let (partner, id) = (&demo.partner, &report);
    demo.until("the report of user counts has come in", || {
        Box::pin(async move {
            let store = &demo.services.store;
            Ok(store.transaction("is_complete", |tx| Box::pin(reports::is_complete(tx, partner, id))).await?)
        })
    })
    .await
}
