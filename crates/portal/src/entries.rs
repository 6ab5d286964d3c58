//! Journal entries, as pages and files show them.

use advice::{Language, number};
use domain::{Evidence, Trigger};
use jiff::tz::TimeZone;
use store::statuses::history::JournalEntry;

use crate::{shown, words};

/// An entry, as shown.
pub(crate) struct Entry {
    /// When the change was sent.
    pub when: String,
    /// The companies that the units count users of.
    pub companies: String,
    pub contract: String,
    pub service: String,
    /// Units before and after.
    pub units: String,
    /// The difference in units at the line's price.
    pub money: Option<String>,
    /// The day the change takes effect.
    pub effective: String,
    /// The effective day that Kaseya shows, if it is a different one.
    pub other_date: Option<String>,
    /// What triggered the run.
    pub cause: &'static str,
    /// Whether a person approved the change.
    pub was_approved: bool,
    /// Whether it is one half of a plan switch.
    pub is_half: bool,
    /// The outcome.
    pub standing: &'static str,
    /// The evidence for a confirmation, and its time.
    pub evidence: Option<String>,
    /// The colour of the outcome.
    pub tone: &'static str,
    /// The run's trace id.
    pub trace: String,
}

impl Entry {
    /// An entry in a language; `name` finds a company's name.
    pub fn of(
        entry: &JournalEntry,
        zone: &TimeZone,
        language: Language,
        name: impl Fn(&str) -> String,
    ) -> Self {
        let words = words::Journal::of(language);
        let (standing, tone) = match entry.standing.as_str() {
            "confirmed" => (words.confirmed, "good"),
            "unsure" => (words.unsure, "warn"),
            "not_applied" => (words.not_applied, "bad"),
            _ => (words.sent, ""),
        };
        let other_date = entry.other_date();
        let tone = if other_date.is_some() { "warn" } else { tone };
        let mut companies: Vec<String> = entry.addends.iter().map(|addend| name(&addend.company)).collect();
        companies.dedup();
        let from = number::units(entry.from_units, language).unwrap_or_default();
        let to = number::whole(entry.to_units.into(), language);
        let difference = entry.unit_price.map(|price| (f64::from(entry.to_units) - entry.from_units) * price);
        Self {
            when: shown::instant(entry.written_at, zone, language),
            companies: companies.join(", "),
            contract: entry.contract_name.clone().unwrap_or_else(|| entry.contract.to_string()),
            service: entry.service_name.clone().unwrap_or_else(|| entry.service.to_string()),
            units: format!("{from} → {to}"),
            money: difference.and_then(|amount| shown::difference(amount, language)),
            effective: shown::day(entry.effective_date, language),
            other_date: other_date
                .map(|day| words::fill(words.other_date, &[("day", &shown::day(day, language))])),
            cause: cause(entry.trigger, words::Activity::of(language)),
            was_approved: entry.was_approved,
            is_half: entry.pair.is_some(),
            standing,
            evidence: entry.evidence.map(|evidence| {
                let text =
                    if matches!(evidence, Evidence::ImpliedByTotal(_)) { words.implied } else { words.seen };
                words::fill(text, &[("at", &shown::instant(evidence.at(), zone, language))])
            }),
            tone,
            trace: trace_id(entry.traceparent.as_deref()),
        }
    }
}

/// The word for a run's trigger.
pub(crate) fn cause(trigger: Trigger, words: &words::Activity) -> &'static str {
    match trigger {
        Trigger::Schedule => words.schedule,
        Trigger::MonthEnd => words.month_end,
        Trigger::Request => words.request,
        Trigger::FullRead => words.full_read,
        Trigger::Probe => words.probe,
    }
}

/// The trace id of a W3C trace context.
fn trace_id(traceparent: Option<&str>) -> String {
    traceparent.and_then(|text| text.split('-').nth(1)).unwrap_or_default().to_owned()
}
