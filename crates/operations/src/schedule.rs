//! A partner's schedule: previewed, then saved (S-26, S-29).

use std::time::Duration;

use domain::{
    Frequency, IntegrationSettings, InvoiceOutlook, Occurrence, PartnerId, Schedule, ScheduleError,
    SecurityEventKind, Weekday, spread_offset,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::security_events::SecurityEvent,
    settings::{self, PartnerSettings, StoredSchedule},
};

use crate::{
    Acting,
    not_saved::{Field, Found, MistakeKind, NotSaved},
};

/// How many due times a preview shows.
const SHOWN: usize = 3;

/// A schedule as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleForm {
    /// Weekly if true; otherwise daily, and the weekday is ignored.
    pub weekly: bool,
    /// The day of a weekly schedule.
    pub weekday: Option<Weekday>,
    /// The full hour.
    pub hour: Option<i64>,
    /// The IANA zone.
    pub zone: String,
}

/// What a schedule means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The next due times, the partner's own delay included.
    pub due: Vec<Timestamp>,
    /// How the schedule relates to the next invoice; `None` before the connection is saved for the first time.
    pub invoice: Option<InvoiceOutlook>,
}

impl ScheduleForm {
    /// The schedule, or all mistakes.
    pub fn check(&self) -> Result<Schedule, NotSaved> {
        let mut found = Found::default();
        let frequency = if self.weekly {
            found.required(Field::Weekday, self.weekday).map(Frequency::Weekly)
        } else {
            Some(Frequency::Daily)
        };
        let hour = found.required(Field::Hour, self.hour);
        let zone = self.zone.trim();
        // Check each field separately, so that all mistakes are named at once.
        if let Some(hour) = hour {
            found.within(Field::Hour, hour, 0, 23);
        }
        if zone.is_empty() {
            found.note(Field::Zone, MistakeKind::Missing);
        } else if let Err(ScheduleError::Zone(_)) = Schedule::new(Frequency::Daily, 0, zone) {
            found.note(Field::Zone, MistakeKind::Zone);
        }
        let schedule = frequency.zip(hour);
        found.none_or(schedule.and_then(|(frequency, hour)| Schedule::new(frequency, hour, zone).ok()))
    }
}

/// What a schedule would mean for a partner.
pub fn preview(settings: &PartnerSettings, schedule: &Schedule, spread: Duration, now: Timestamp) -> Preview {
    let own = spread_offset(&settings.partner, spread);
    let delay = SignedDuration::try_from(own).unwrap_or_default();
    // A night that has already run, or was brought forward, does not come again.
    let pending = settings.schedule.as_ref().filter(|stored| stored.schedule == *schedule);
    let first = match pending {
        Some(stored) => Some(Occurrence {
            nominal: stored.next_nominal,
            due: stored.next_run_at.saturating_sub(delay).unwrap_or(now),
        }),
        None => schedule.after_instant(now.saturating_sub(delay).unwrap_or(now)),
    };
    let due = std::iter::successors(first, |before| schedule.after(before.nominal))
        .map(|occurrence| occurrence.due.saturating_add(delay).unwrap_or(occurrence.due))
        .take(SHOWN)
        .collect();
    let invoice = settings.integration.as_ref().and_then(|integration| {
        let month_end = &integration.month_end();
        let IntegrationSettings { invoice_day, month_end_run, .. } = &integration.settings;
        let kaseya_zone = integration.kaseya_zone.as_ref();
        InvoiceOutlook::next(schedule, own, month_end, *invoice_day, *month_end_run, kaseya_zone, now)
    });
    Preview { due, invoice }
}

impl Acting<'_> {
    /// Saves a schedule and returns when it is next due.
    pub async fn save_schedule(
        &self,
        partner: &PartnerId,
        form: &ScheduleForm,
    ) -> Result<Timestamp, NotSaved> {
        let (schedule, now, spread) = (&form.check()?, self.clock.now(), self.spread);
        let details = &json!({
            "frequency": if form.weekly { "weekly" } else { "daily" },
            "weekday": form.weekday.filter(|_| form.weekly).map(Weekday::to_monday_one_offset),
            "hour": form.hour,
            "zone": form.zone.trim(),
        });
        let (next, kept) = self
            .store
            .transaction("save_schedule", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let stored = settings::read(tx, partner).await?.ok_or(NotSaved::UnknownPartner)?;
                    if stored.integration.is_none() {
                        return Err(NotSaved::NotConnected);
                    }
                    let next = store(tx, partner, schedule, stored.schedule.as_ref(), spread, now).await?;
                    let next = next.ok_or(NotSaved::NeverDue)?;
                    let saved = SecurityEvent::of(
                        SecurityEventKind::ScheduleSaved,
                        partner,
                        "schedule",
                        details.clone(),
                    );
                    Ok((next, self.keep(tx, saved).await?))
                })
            })
            .await?;
        kept.log();
        Ok(next)
    }
}

/// Stores a schedule if it changed and returns when it is next due; `None` if it has no due day before the calendar
/// ends. The caller holds the partner.
pub async fn store(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    schedule: &Schedule,
    before: Option<&StoredSchedule>,
    spread: Duration,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    if let Some(before) = before.filter(|before| before.schedule == *schedule) {
        return Ok(Some(before.next_run_at));
    }
    // The partner's own delay is not part of the schedule: for the schedule's days, set the clock back by it.
    let spread = SignedDuration::try_from(spread_offset(partner, spread)).unwrap_or_default();
    let pending = before.map(|before| Occurrence {
        nominal: before.next_nominal,
        due: before.next_run_at.saturating_sub(spread).unwrap_or(now),
    });
    let now = now.saturating_sub(spread).unwrap_or(now);
    let last = before.and_then(|before| before.last_nominal);
    let Some(next) = schedule.next_after_edit(pending, last, now) else { return Ok(None) };
    let next = Occurrence { due: next.due.saturating_add(spread).unwrap_or(next.due), ..next };
    settings::store_schedule(tx, partner, schedule, next).await?;
    Ok(Some(next.due))
}
