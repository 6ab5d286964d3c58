//! `security-events`: who logged in, who was refused, and who changed what, in the whole installation.

use domain::PartnerId;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use operations::read_models::SecurityEvent;
use serde::Serialize;
use store::access::security_events::{self, KeptEvent};

use crate::{ended::Ended, installation::Installation, output};

/// The maximum number of events in a list.
const MOST: i64 = 100_000;

/// `--json`: one event, in a line.
#[derive(Serialize)]
struct Document {
    number: i64,
    partner: Option<PartnerId>,
    #[serde(flatten)]
    event: SecurityEvent,
}

pub(crate) async fn command(installation: &Installation, days: u16, json: bool) -> anyhow::Result<Ended> {
    let back = SignedDuration::from_hours(24 * i64::from(days));
    let since = installation.clock.now().saturating_sub(back).unwrap_or(Timestamp::MIN);
    let events = installation
        .store
        .transaction("list_security_events", |tx| Box::pin(security_events::since(tx, since, MOST)))
        .await?;
    if i64::try_from(events.len()) == Ok(MOST) {
        output::tell(&format_args!("only the newest {MOST} are listed; there are more: ask for fewer days"));
    }
    if json {
        for kept in events {
            let (number, partner) = (kept.number, kept.event.partner.clone());
            let document = Document { number, partner, event: kept.into() };
            output::say(&serde_json::to_string(&document)?)?;
        }
        return Ok(Ended::InOrder);
    }
    let mut table = output::table(&["At (UTC)", "Event", "Partner", "By", "Address", "About", "More"]);
    for KeptEvent { at, by, event, .. } in &events {
        table.add_row([
            output::instant(Some(*at), &TimeZone::UTC),
            event.kind.to_string(),
            event.partner.as_ref().map_or("", PartnerId::as_str).to_owned(),
            by.name.clone(),
            by.address.map_or_else(String::new, |address| address.to_string()),
            event.object.clone(),
            event.details.to_string(),
        ]);
    }
    output::say(&table)?;
    Ok(Ended::InOrder)
}
