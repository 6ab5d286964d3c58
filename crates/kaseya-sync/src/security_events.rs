//! `security-events`: who logged in, who was refused, and who changed what, in the whole installation.

use domain::PartnerId;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;
use store::access::{
    Identity,
    security_events::{self, KeptEvent},
};

use crate::{ended::Ended, installation::Installation, output};

/// The maximum number of events in a list.
const MOST: i64 = 100_000;

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
        for event in &events {
            output::say(&document(event))?;
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

fn document(kept: &KeptEvent) -> serde_json::Value {
    let KeptEvent { number, at, by, event } = kept;
    let (token, issuer, subject) = by.identity.as_ref().map(Identity::columns).unwrap_or_default();
    json!({
        "number": number,
        "at": at,
        "event": event.kind.as_str(),
        "partner": event.partner.as_ref().map(PartnerId::as_str),
        "by": by.name,
        "token": token,
        "issuer": issuer,
        "subject": subject,
        "address": by.address,
        "object": event.object,
        "details": event.details,
        "trace_id": by.trace_id,
    })
}
