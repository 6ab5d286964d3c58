//! A partner's settings as one TOML document, read and checked as a whole.
//!
//! One reading finds every mistake, each with its line, its field and the fix; only a document without mistakes is
//! returned. `deploy/sample-partner.toml` explains each field.

mod billing_rule;
mod identity;
mod ids;
mod integration;
mod mistake;
mod report;
mod rows;
mod section;
mod sharing;
mod surroundings;

use domain::{Billing, ContractId, CountBasis, Frequency, PartnerId, Schedule, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use store::settings::{NewCompany, NewProduct};
use toml::de::DeTable;

use crate::connection_settings::NewConnection;

pub use mistake::{Mistake, Mistakes};
pub use report::ReportSettings;
use section::{Section, Source};
pub use surroundings::{PasswordFile, Surroundings};

/// A partner's settings, fully validated.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    /// The partner.
    pub partner: PartnerId,
    /// Name of the partner.
    pub name: String,
    /// The provider's time zone for it.
    pub count_zone: String,
    /// What it bills; a count on the other basis counts as missing. `None` if the file does not say: the basis
    /// stays as it is, and is users at first.
    pub count_basis: Option<CountBasis>,
    /// Its integration.
    pub integration: NewConnection,
    /// Its schedule.
    pub schedule: Schedule,
    /// The products listed.
    pub products: Vec<NewProduct>,
    /// The companies listed.
    pub companies: Vec<NewCompany>,
    /// Contracts with their own billing.
    pub contract_billing: BTreeMap<ContractId, Billing>,
    /// The user counts of the file, if it has any.
    pub report: Option<ReportSettings>,
}

/// The partner id of a document, if it is valid; used to look up what is stored of the partner.
pub fn partner_of(text: &str) -> Option<PartnerId> {
    let (document, _) = DeTable::parse_recoverable(text);
    let id = document.get_ref().get("partner")?.get_ref().get("id")?.get_ref().as_str()?;
    PartnerId::new(id).ok()
}

/// Reads and checks a document.
pub fn read(text: &str, around: Surroundings<'_>) -> Result<SettingsFile, Mistakes> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let source = Source::new(text);
    if !errors.is_empty() {
        for error in &errors {
            source.note(error.span().unwrap_or(0..0), "the document", error.message(), "correct the TOML");
        }
        // Reading on would only report false mistakes.
        return Err(source.into_mistakes());
    }
    let file = {
        let mut top = Section::top(&source, document.get_ref());
        let file = whole(&mut top, around);
        top.finish();
        file
    };
    let mistakes = source.into_mistakes();
    match file {
        Some(file) if mistakes.is_empty() => Ok(file),
        _ => Err(mistakes),
    }
}

fn whole(top: &mut Section<'_, '_>, around: Surroundings<'_>) -> Option<SettingsFile> {
    let partner = top.required_section("partner").map(partner);
    let integration = top.required_section("integration");
    // Without the section `[integration]` too: one reading finds every mistake.
    let brakes = top.optional_section("brakes").map(integration::brakes).unwrap_or_default();
    let integration = integration.map(|section| integration::read(section, brakes, around));
    let schedule = top.required_section("schedule").map(schedule);
    let products = rows::products(top.sections("product"));
    let product_ids = rows::known_products(&products, around.stored);
    let companies = rows::companies(top.sections("company"), &product_ids);
    sharing::check(top, &products, &companies, around.stored);
    if let Some(names) = around.names {
        identity::check(top, &products, &companies, names);
    }
    let mapped = rows::mapped_contracts(&companies, around.stored);
    let contract_billing = rows::contract_billing(top.sections("contract_billing"), mapped.as_ref());
    let zone = partner.as_ref().and_then(|partner| partner.as_ref()).map(|partner| partner.2.clone());
    let known = report::Known {
        products: &product_ids,
        companies: rows::known_companies(&companies, around.stored),
        zone: zone.and_then(|zone| TimeZone::get(&zone).ok()),
        now: around.now,
    };
    let report = top.optional_section("report").map(|section| report::read(section, &known));

    let (partner, name, count_zone, count_basis) = partner??;
    Some(SettingsFile {
        partner,
        name,
        count_zone,
        count_basis,
        integration: integration??,
        schedule: schedule??,
        products: products.into_iter().map(|row| row.row).collect::<Option<_>>()?,
        companies: companies.into_iter().map(|row| row.row).collect::<Option<_>>()?,
        contract_billing,
        report: match report {
            Some(report) => Some(report?),
            None => None,
        },
    })
}

fn partner(mut section: Section<'_, '_>) -> Option<(PartnerId, String, String, Option<CountBasis>)> {
    let id = section.parsed("id", r#"id = "example-msp""#, PartnerId::new);
    let name = section.text("name", r#"name = "Example MSP""#);
    let count_zone = section.parsed("count_zone", r#"count_zone = "Europe/Rome""#, zone);
    let words = [("users", CountBasis::Users), ("licences", CountBasis::Licences)];
    let example = r#"count_basis = "users" or count_basis = "licences""#;
    let count_basis = if section.has("count_basis") {
        section.one_of("count_basis", example, &words).map(Some)
    } else {
        Some(None)
    };
    section.finish();
    Some((id?, name?, count_zone?, count_basis?))
}

/// Checks the name of a time zone.
fn zone(name: String) -> Result<String, domain::ScheduleError> {
    // The end of a month needs a time zone: its rule knows which names are valid.
    domain::MonthEnd::new(&name, 0).map(|_| name)
}

fn schedule(mut section: Section<'_, '_>) -> Option<Schedule> {
    let weekly = section.one_of(
        "frequency",
        r#"frequency = "daily" or frequency = "weekly""#,
        &[("daily", false), ("weekly", true)],
    );
    let hour = section.integer("hour", "hour = 2, a whole hour from 0 to 23", 0..=23);
    let zone = section.parsed("zone", r#"zone = "Europe/Rome""#, zone);
    let example = r#"weekday = "monday""#;
    let frequency = match weekly {
        Some(true) => section.one_of("weekday", example, &WEEKDAYS).map(Frequency::Weekly),
        Some(false) => {
            section.refuse(
                "weekday",
                "a daily schedule has no weekday",
                r#"remove it, or write frequency = "weekly""#,
            );
            Some(Frequency::Daily)
        }
        None => {
            section.optional_one_of("weekday", example, &WEEKDAYS);
            None
        }
    };
    section.finish();
    Schedule::new(frequency?, hour?, &zone?).ok()
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

#[cfg(test)]
mod tests;
