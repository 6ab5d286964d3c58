//! The schedule, and when it is due (S-26, S-29).

use axum::{Json, extract::State};
use domain::{Frequency, InvoiceDay, InvoiceOutlook, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use operations::schedule::{self, ScheduleForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::{Caller, Editor, settings_of},
    problem::{FieldMistake, Problem, Problems},
    request::Body,
};
use crate::Portal;

/// A schedule.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    /// `daily` or `weekly`.
    frequency: String,
    /// `monday` to `sunday`. Required for a weekly schedule, without effect on a daily one.
    weekday: Option<String>,
    /// Full hour, 0 to 23. Required.
    hour: Option<i64>,
    /// Time zone as an IANA name, e.g. `Europe/Rome`. Required.
    #[serde(default)]
    zone: String,
}

/// The schedule and its next due times.
#[derive(Serialize, ToSchema)]
pub(crate) struct Schedules {
    /// Null before it is saved for the first time.
    schedule: Option<Schedule>,
    /// The next three due times. Empty without a schedule.
    next: Vec<Timestamp>,
    /// How the schedule relates to the next invoice. Null without a schedule, and before the connection is saved
    /// for the first time.
    invoice: Option<Outlook>,
}

/// How a schedule relates to an invoice.
#[derive(Serialize, ToSchema)]
pub(crate) struct Outlook {
    /// Invoiced month, e.g. `2026-11`.
    month: String,
    /// Instant by which the month's last count is frozen.
    frozen_by: Timestamp,
    /// Earliest instant at which the invoice may be made.
    invoiced_from: Timestamp,
    /// First scheduled sync after the count is frozen.
    synced_at: Timestamp,
    /// Instant by which the month-end run pushes the count. Null if that run is off.
    pushed_at: Option<Timestamp>,
    /// Whether the invoice may be made before the count is in Kaseya, i.e. before both `synced_at` and `pushed_at`.
    is_missed: bool,
    /// First invoice day that is in time, if this one is missed. Null if none is, or if this one is not missed.
    first_day_in_time: Option<i8>,
}

impl Outlook {
    fn of(outlook: InvoiceOutlook, zone: &TimeZone) -> Self {
        let first_day = outlook.first_day_in_time(zone).filter(|_| outlook.is_missed());
        Self {
            month: outlook.month.to_string(),
            frozen_by: outlook.frozen_by,
            invoiced_from: outlook.invoiced_from,
            synced_at: outlook.synced_at,
            pushed_at: outlook.pushed_at,
            is_missed: outlook.is_missed(),
            first_day_in_time: first_day.map(InvoiceDay::get),
        }
    }
}

/// Each day of the week with its word.
const WEEKDAYS: &[(Weekday, &str)] = &[
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

impl From<&domain::Schedule> for Schedule {
    fn from(known: &domain::Schedule) -> Self {
        let word = |day| WEEKDAYS.iter().find(|(known, _)| *known == day).map(|(_, word)| (*word).to_owned());
        let (frequency, weekday) = match known.frequency() {
            Frequency::Daily => ("daily", None),
            Frequency::Weekly(day) => ("weekly", word(day)),
        };
        Self {
            frequency: frequency.to_owned(),
            weekday,
            hour: Some(known.hour().into()),
            zone: known.zone().iana_name().unwrap_or("UTC").to_owned(),
        }
    }
}

impl Schedule {
    fn form(self) -> Result<ScheduleForm, Problem> {
        let mistake = |field, detail| Problem::Mistakes(vec![FieldMistake::new(field, "unknown", detail)]);
        let weekly = match self.frequency.as_str() {
            "daily" => false,
            "weekly" => true,
            _ => return Err(mistake("frequency", "write daily or weekly")),
        };
        let day = |word: String| WEEKDAYS.iter().find(|(_, known)| *known == word).map(|(day, _)| *day);
        let weekday = self.weekday.map(|word| day(word).ok_or(mistake("weekday", "write monday to sunday")));
        Ok(ScheduleForm { weekly, weekday: weekday.transpose()?, hour: self.hour, zone: self.zone })
    }
}

/// Shows the schedule, its next due times and how it relates to the next invoice.
#[utoipa::path(get, path = "/schedule", tag = "schedule", responses((status = 200, body = Schedules), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Schedules>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let now = portal.operations.clock.now();
    let stored = settings.schedule.as_ref().map(|stored| &stored.schedule);
    let preview = stored.map(|known| schedule::preview(&settings, known, portal.operations.spread, now));
    let (next, invoice) = preview.map_or((Vec::new(), None), |preview| (preview.due, preview.invoice));
    Ok(Json(Schedules {
        schedule: stored.map(Schedule::from),
        next,
        invoice: invoice.map(|outlook| Outlook::of(outlook, settings.zone())),
    }))
}

/// Saves the schedule and returns it with its next due times.
#[utoipa::path(put, path = "/schedule", tag = "schedule", request_body = Schedule,
    responses((status = 200, body = Schedules), Problems))]
pub(crate) async fn save(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Body(new): Body<Schedule>,
) -> Result<Json<Schedules>, Problem> {
    portal.operations.by(&caller.actor).save_schedule(&caller.partner, &new.form()?).await?;
    show(State(portal), caller).await
}
