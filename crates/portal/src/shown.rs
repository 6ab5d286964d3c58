//! Formats of times, numbers and state colours on pages.

use advice::{Facts, Language, Money, number};
use domain::{CompanyState, Month};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::statuses::CompanyStatus;

/// A date and time: `26 Nov 2026, 19:30`, `26/11/2026, 19:30`.
pub(crate) fn instant(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let form = match language {
        Language::English => "%-d %b %Y, %H:%M",
        Language::Italian => "%d/%m/%Y, %H:%M",
    };
    zone.to_datetime(at).strftime(form).to_string()
}

/// A day: `1 Nov 2026`, `01/11/2026`.
pub(crate) fn day(day: Date, language: Language) -> String {
    let form = match language {
        Language::English => "%-d %b %Y",
        Language::Italian => "%d/%m/%Y",
    };
    day.strftime(form).to_string()
}

/// A month with its year: `November 2026`.
pub(crate) fn whole_month(whole: Month, language: Language) -> String {
    let first = whole.first_day();
    format!("{} {}", month(first.month(), language), first.year())
}

/// The month's name.
pub(crate) fn month(month: i8, language: Language) -> &'static str {
    const ENGLISH: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const ITALIAN: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    let names = match language {
        Language::English => ENGLISH,
        Language::Italian => ITALIAN,
    };
    usize::try_from(month - 1).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
}

/// The units of a company with exactly one changing line, shown next to the word for its state.
pub(crate) fn moving(status: &CompanyStatus) -> Facts {
    let mut moving = status.products.iter().filter(|product| product.from != product.to.map(f64::from));
    let (units_from, units_to) = match (moving.next(), moving.next()) {
        (Some(product), None) => (product.from, product.to),
        _ => (None, None),
    };
    Facts { units_from, units_to, next_try: status.deferred_until, ..Facts::default() }
}

/// An amount of money that is added or subtracted. Kaseya's prices have no currency. `None` if it is not a valid
/// amount.
pub(crate) fn difference(amount: f64, language: Language) -> Option<String> {
    Some(number::difference(&money(amount)?, language))
}

/// An amount of money without its sign.
pub(crate) fn amount(amount: f64, language: Language) -> Option<String> {
    Some(number::amount(&money(amount)?, language))
}

fn money(amount: f64) -> Option<Money> {
    /// Beyond this a double is no longer exact.
    const MOST: f64 = 9.0e15;
    let cents = (amount * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and its size was looked at")]
    let cents = (cents.abs() < MOST).then_some(cents as i64)?;
    Some(Money { cents, currency: None })
}

/// The colour of a state; its word is always next to the colour.
pub(crate) fn tone(state: CompanyState) -> &'static str {
    match state {
        CompanyState::Changed | CompanyState::Unchanged => "good",
        CompanyState::Held | CompanyState::Deferred | CompanyState::NotMapped => "warn",
        CompanyState::NotSent => "bad",
        CompanyState::Never
        | CompanyState::Queued
        | CompanyState::Running
        | CompanyState::Sent
        | CompanyState::NotBilled
        | CompanyState::Off => "",
    }
}
