//! The sync schedule (S-26 to S-33): when, what that means for the invoices, and Sync now.

use advice::Language;
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{Frequency, InvoiceOutlook, InvoiceTiming, Weekday};
use jiff::tz::TimeZone;
use operations::{
    not_saved::{Field, Mistake, MistakeKind, NotSaved},
    schedule::{self, ScheduleForm},
};
use serde::Deserialize;
use store::settings::PartnerSettings;

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    kaseya_says::{self, KaseyaSays},
    pages::{page, tabs},
    said::Said,
    shown,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "schedule.html")]
struct Schedule {
    frame: Frame,
    words: &'static words::Schedule,
    activity: &'static words::Activity,
    connection: &'static words::Connection,
    tabs: Vec<tabs::Tab>,
    weekly: bool,
    weekdays: Vec<(i8, &'static str, bool)>,
    hours: Vec<(i8, String, bool)>,
    zone: String,
    zones: Vec<&'static str>,
    next: Vec<String>,
    count: String,
    invoices: String,
    outlook: Option<(&'static str, String)>,
    mistakes: Vec<(Field, String)>,
    kaseya: Option<KaseyaSays>,
    mapping: &'static words::Mapping,
}

/// The posted form.
#[derive(Debug, Deserialize)]
pub(crate) struct PostedSchedule {
    #[serde(default)]
    frequency: String,
    #[serde(default)]
    weekday: String,
    #[serde(default)]
    hour: String,
    #[serde(default)]
    zone: String,
}

impl PostedSchedule {
    fn form(&self) -> ScheduleForm {
        ScheduleForm {
            weekly: self.frequency == "weekly",
            weekday: self.weekday.parse().ok().and_then(|day| Weekday::from_monday_one_offset(day).ok()),
            hour: self.hour.parse().ok(),
            zone: self.zone.clone(),
        }
    }
}

/// Whether to ask Kaseya for its time zone.
#[derive(Debug, Deserialize)]
pub(crate) struct ScheduleQuery {
    #[serde(default)]
    ask_zone: bool,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<ScheduleQuery>,
) -> Result<Response, Failure> {
    let settings = visit.connected_settings(&portal).await?;
    let mut form = match &settings.schedule {
        Some(stored) => ScheduleForm {
            weekly: matches!(stored.schedule.frequency(), Frequency::Weekly(_)),
            weekday: match stored.schedule.frequency() {
                Frequency::Weekly(day) => Some(day),
                Frequency::Daily => None,
            },
            hour: Some(stored.schedule.hour().into()),
            zone: stored.schedule.zone().iana_name().unwrap_or("UTC").to_owned(),
        },
        // At night, in the zone where the provider counts: most partners choose this.
        None => ScheduleForm {
            weekly: false,
            weekday: None,
            hour: Some(3),
            zone: settings.count_zone.iana_name().unwrap_or("UTC").to_owned(),
        },
    };
    let mut kaseya = None;
    if asked.ask_zone && visit.role.may_edit() {
        match portal.connections.time_zone(&visit.partner).await {
            // If Kaseya does not return its zone, the form stays as it is.
            Ok(zone) => form.zone = zone.unwrap_or(form.zone),
            Err(error) => kaseya = Some(kaseya_says::of(error, settings.zone(), visit.language)?),
        }
    }
    let page_of = Schedule { kaseya, ..page_of(&portal, &visit, &settings, &form, Vec::new()) };
    Ok(page(&page_of))
}

pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Posted(typed): Posted<PostedSchedule>,
) -> Result<Response, Failure> {
    let form = typed.form();
    let words = words::Schedule::of(visit.language);
    let mistakes = match portal.operations.by(&visit.actor).save_schedule(&visit.partner, &form).await {
        Ok(_) => {
            let to = Said::Saved.at(&visit.partner, "integrations/kaseya-bms/schedule");
            return Ok(Redirect::to(&to).into_response());
        }
        Err(NotSaved::Mistakes(mistakes)) => {
            let connection = words::Connection::of(visit.language);
            mistakes.iter().map(|mistake| (mistake.field, fix(mistake, words, connection))).collect()
        }
        Err(NotSaved::Store(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(partner = %visit.partner, %error, "a schedule was not saved");
            return Err(Failure::NotFound);
        }
    };
    let settings = visit.connected_settings(&portal).await?;
    let page_of = page_of(&portal, &visit, &settings, &form, mistakes);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}

fn fix(mistake: &Mistake, words: &words::Schedule, connection: &words::Connection) -> String {
    match &mistake.kind {
        MistakeKind::Zone => words.zone_wrong.to_owned(),
        MistakeKind::OutOfRange { least, most } => {
            fill(connection.out_of_range, &[("least", least), ("most", most)])
        }
        _ => connection.missing.to_owned(),
    }
}

fn page_of(
    portal: &Portal,
    visit: &Visit,
    settings: &PartnerSettings,
    form: &ScheduleForm,
    mistakes: Vec<(Field, String)>,
) -> Schedule {
    let language = visit.language;
    let words = words::Schedule::of(language);
    let frame = visit.frame(portal, Place::Integrations);
    let now = portal.operations.clock.now();
    let stored = settings.schedule.as_ref().map(|stored| &stored.schedule);
    let preview = stored.map(|known| schedule::preview(settings, known, portal.operations.spread, now));
    let zone = settings.zone();
    let month_end_run = settings.integration.as_ref().is_some_and(|known| known.settings.month_end_run);
    let outlook = preview.as_ref().and_then(|preview| preview.invoice.as_ref());
    let day = settings.integration.as_ref().map_or(1, |known| known.settings.invoice_day.get());
    Schedule {
        words,
        activity: words::Activity::of(language),
        connection: words::Connection::of(language),
        tabs: tabs::of(&frame, tabs::At::Schedule, true),
        weekly: form.weekly,
        weekdays: weekdays(words, form.weekday),
        hours: (0..24).map(|hour| (hour, format!("{hour:02}:00"), form.hour == Some(hour.into()))).collect(),
        zone: form.zone.clone(),
        zones: zones(),
        next: preview
            .iter()
            .flat_map(|preview| &preview.due)
            .map(|at| long_instant(*at, zone, words, language))
            .collect(),
        count: fill(words.count_text, &[("zone", &settings.count_zone.iana_name().unwrap_or("UTC"))]),
        invoices: fill(words.invoices, &[("day", &day)]),
        outlook: outlook.map(|outlook| said_outlook(outlook, settings, words, month_end_run, language)),
        mistakes,
        kaseya: None,
        mapping: words::Mapping::of(language),
        frame,
    }
}

impl Schedule {
    /// The error of a field.
    fn mistake(&self, field: &str) -> Option<&str> {
        self.mistakes.iter().find(|(known, _)| known.as_str() == field).map(|(_, text)| text.as_str())
    }
}

/// Whether the invoices will show the month's last count, with dates and times (S-29).
fn said_outlook(
    outlook: &InvoiceOutlook,
    settings: &PartnerSettings,
    words: &words::Schedule,
    month_end_run: bool,
    language: Language,
) -> (&'static str, String) {
    let at = |at| shown::instant(at, settings.zone(), language);
    let (invoices, sync, final_at) =
        (at(outlook.invoiced_from), at(outlook.synced_at), at(outlook.frozen_by));
    match outlook.timing() {
        InvoiceTiming::Schedule => ("good", fill(words.in_time, &[("invoices", &invoices), ("sync", &sync)])),
        InvoiceTiming::MonthEnd => (
            "good",
            fill(words.month_end, &[("invoices", &invoices), ("sync", &sync), ("final_at", &final_at)]),
        ),
        InvoiceTiming::Missed => {
            let missed = if month_end_run { words.too_late } else { words.too_late_without };
            let missed = fill(missed, &[("invoices", &invoices), ("final_at", &final_at), ("sync", &sync)]);
            let more = match outlook.first_day_in_time(settings.invoice_zones()) {
                Some(day) if month_end_run => fill(words.other_day, &[("day", &day.get())]),
                Some(day) => fill(words.other_day_or_run, &[("day", &day.get())]),
                None => words.no_month_end.to_owned(),
            };
            ("bad", format!("{missed} {more}"))
        }
    }
}

/// A date and time with its weekday.
fn long_instant(at: jiff::Timestamp, zone: &TimeZone, words: &words::Schedule, language: Language) -> String {
    let day = weekday(words, zone.to_datetime(at).weekday());
    format!("{day} {}", shown::instant(at, zone, language))
}

fn weekday(words: &words::Schedule, day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => words.monday,
        Weekday::Tuesday => words.tuesday,
        Weekday::Wednesday => words.wednesday,
        Weekday::Thursday => words.thursday,
        Weekday::Friday => words.friday,
        Weekday::Saturday => words.saturday,
        Weekday::Sunday => words.sunday,
    }
}

fn weekdays(words: &words::Schedule, chosen: Option<Weekday>) -> Vec<(i8, &'static str, bool)> {
    let days = Weekday::Monday.cycle_forward().take(7);
    days.map(|day| (day.to_monday_one_offset(), weekday(words, day), chosen == Some(day))).collect()
}

/// The zones to choose from; any other zone of the database may be typed.
fn zones() -> Vec<&'static str> {
    static NAMES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let names = jiff::tz::db().available().map(|name| name.to_string());
        names.filter(|name| name.contains('/') && !name.starts_with("Etc/")).collect()
    });
    NAMES.iter().map(String::as_str).collect()
}
