//! The section `[report]`: user counts for an installation without a provider's messages yet.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, CountBasis, ProductId, check_count_time, day_begins};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use toml::de::DeValue;

use super::{
    ids::{fix_unknown, known},
    section::{Section, whole_number},
};

/// A complete report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSettings {
    /// The day of the counts.
    pub day: Date,
    /// The time of counting. Default: now for today, and the first instant of an earlier day, so that an old file
    /// never replaces a count taken on that day.
    pub counted_at: Timestamp,
    /// Whether this day's counts are final.
    pub is_final: bool,
    /// What was counted: users or licences.
    pub basis: CountBasis,
    /// The companies of the report; `None` if a count could not be taken.
    pub companies: BTreeMap<CompanyId, BTreeMap<ProductId, Option<u32>>>,
}

/// The ids that a report may name.
pub(super) struct Known<'a> {
    pub(super) products: &'a BTreeSet<ProductId>,
    pub(super) companies: BTreeSet<CompanyId>,
    /// The provider's time zone, if valid.
    pub(super) zone: Option<TimeZone>,
    pub(super) now: Timestamp,
}

/// The maximum number of users in a message, and so in a file.
const MOST: i64 = 10_000_000;

pub(super) fn read(mut section: Section<'_, '_>, known_ids: &Known<'_>) -> Option<ReportSettings> {
    let day = section.day("day", "day = 2026-11-30, without quotes");
    let today = known_ids.zone.as_ref().map(|zone| zone.to_datetime(known_ids.now).date());
    let is_future = |day: Date| today.is_some_and(|today| day > today);
    if let Some((day, today)) = day.filter(|day| is_future(*day)).zip(today) {
        section.mistake("day", format!("{day} is in the future"), format!("write a day up to {today}"));
    }
    let example = "counted_at = 2026-11-30T23:55:00+01:00, or leave it out";
    let counted_at = section.optional_instant("counted_at", example);
    let counted_read = !section.has("counted_at") || counted_at.is_some();
    if let (Some(day), Some(at), Some(zone)) =
        (day.filter(|day| !is_future(*day)), counted_at, &known_ids.zone)
        && let Err(error) = check_count_time(day, at, zone, known_ids.now)
    {
        section.mistake(error.field(), error.to_string(), format!("write {example}"));
    }
    let is_final = section
        .boolean("final", "final = true if this day's counts will not change any more, or final = false");
    let words = [("users", CountBasis::Users), ("licences", CountBasis::Licences)];
    let example = r#"basis = "users" or basis = "licences""#;
    let basis =
        if section.has("basis") { section.one_of("basis", example, &words) } else { Some(CountBasis::Users) };
    let companies = companies(section.sections("company"), known_ids);
    section.finish();
    counted_read.then_some(())?;
    let day = day?;
    let counted_at = counted_at.unwrap_or_else(|| match &known_ids.zone {
        Some(zone) if Some(day) < today => day_begins(day, zone),
        Some(_) | None => known_ids.now,
    });
    Some(ReportSettings { day, counted_at, is_final: is_final?, basis: basis?, companies: companies? })
}

fn companies(
    sections: Vec<Section<'_, '_>>,
    known_ids: &Known<'_>,
) -> Option<BTreeMap<CompanyId, BTreeMap<ProductId, Option<u32>>>> {
    let mut all = BTreeMap::new();
    let mut whole = true;
    for mut section in sections {
        let id = section.parsed("id", r#"id = "acme""#, CompanyId::new);
        if let Some(id) = &id {
            known(&section, "id", id, &known_ids.companies, "company");
            if all.contains_key(id) {
                section.mistake("id", format!("{id} is listed twice"), "list it once: which count stands?");
            }
        }
        let counts =
            section.required_section("counts").and_then(|counts| read_counts(&counts, known_ids.products));
        section.finish();
        match id.zip(counts) {
            Some((id, counts)) => drop(all.insert(id, counts)),
            None => whole = false,
        }
    }
    whole.then_some(all)
}

/// A number per product, or "missing" if it could not be taken: missing is never 0.
fn read_counts(
    section: &Section<'_, '_>,
    products: &BTreeSet<ProductId>,
) -> Option<BTreeMap<ProductId, Option<u32>>> {
    let mut counts = BTreeMap::new();
    let mut whole = true;
    for (name, place, value) in section.all() {
        let product = match ProductId::new(name) {
            Ok(product) if products.contains(&product) => product,
            Ok(product) => {
                let fix = fix_unknown(&product, products, "product");
                section.mistake_at(
                    place,
                    section.path_of(name),
                    format!("there is no product {product}"),
                    fix,
                );
                whole = false;
                continue;
            }
            Err(error) => {
                section.mistake_at(
                    place,
                    section.path_of(name),
                    error.to_string(),
                    "correct the product's id",
                );
                whole = false;
                continue;
            }
        };
        let example = format!("{name} = 12, or {name} = \"missing\" where it could not be counted");
        let users = match value.get_ref() {
            DeValue::String(text) if text == "missing" => Some(None),
            _ => whole_number(section.source(), value, &section.path_of(name), &example, 0..=MOST)
                .and_then(|users| u32::try_from(users).ok())
                .map(Some),
        };
        match users {
            Some(users) => drop(counts.insert(product, users)),
            None => whole = false,
        }
    }
    whole.then_some(counts)
}
