//! The names allowed in a text's braces: facts in words, with the forms that agree with their number.

use domain::Brake;
use jiff::civil::Date;

use crate::{Facts, Language, Reader, number};

/// The words for a name in braces; `None` if the fact or the name is unknown.
pub(crate) fn words(name: &str, facts: &Facts, reader: &Reader) -> Option<String> {
    let language = reader.language;
    let day = |article: &str, day: Option<Date>| Some(reader.day_after(article, day?));
    match name {
        // Names, as they are.
        "company" => facts.company.clone(),
        "account" => facts.account.clone(),
        "contract" => facts.contract.clone(),
        "service" => facts.service.clone(),
        "product" => facts.product.clone(),
        "host" => facts.host.clone(),
        "right" => facts.right.clone(),
        "other_account" => facts.other_account.clone(),
        "kaseya_says" => facts.kaseya_says.clone(),
        "found" => facts.found.clone(),
        "trace_id" => facts.trace_id.clone(),

        // Numbers with their noun: 1 utente, 2 utenti. "Unità" has one form.
        "users" => Some(users(facts.users?, language)),
        "users_not_billed" => Some(users_not_billed(facts.users?, language)),
        "not_billed" => Some(not_billed(facts.users?, language).to_owned()),
        "units_to" => Some(units(f64::from(facts.units_to?), language)?),
        "units_from" => units(facts.units_from?, language),
        "units_stay" => units_stay(facts.units_from?, language),
        "change" => change(facts, language),
        "last_sent_units" => units(f64::from(facts.last_sent_units?), language),
        "last_count" => Some(number::whole(facts.last_count?.into(), language)),
        "password_age" => Some(days(facts.password_age_days?, language)),

        // Money.
        "money" => Some(number::amount(facts.money_per_month.as_ref()?, language)),
        "money_change" => Some(number::difference(facts.money_per_month.as_ref()?, language)),

        // Days and times, each with the Italian word that precedes it.
        "last_sent_day" => day("il", facts.last_sent_day),
        "of_last_sent_day" => day("del", facts.last_sent_day),
        "of_last_count_day" => day("del", facts.last_count_day),
        "deadline" => day("il", facts.deadline),
        "from_effective_day" => day("dal", facts.effective_day),
        "contract_end" => day("il", facts.contract_end),
        "at_next_try" => Some(reader.at(facts.next_try?)),

        "brake" => Some(brake(facts.brake?, language).to_owned()),
        _ => None,
    }
}

/// Every name, for the tests.
#[cfg(test)]
pub(crate) const NAMES: &[&str] = &[
    "company",
    "account",
    "contract",
    "service",
    "product",
    "host",
    "right",
    "other_account",
    "kaseya_says",
    "found",
    "trace_id",
    "users",
    "users_not_billed",
    "not_billed",
    "units_to",
    "units_from",
    "units_stay",
    "change",
    "last_sent_units",
    "last_count",
    "password_age",
    "money",
    "money_change",
    "last_sent_day",
    "of_last_sent_day",
    "of_last_count_day",
    "deadline",
    "from_effective_day",
    "contract_end",
    "at_next_try",
    "brake",
];

fn users(users: u32, language: Language) -> String {
    let number = number::whole(users.into(), language);
    match (language, users) {
        (Language::English, 1) => "1 user".to_owned(),
        (Language::English, _) => format!("{number} users"),
        (Language::Italian, 1) => "1 utente".to_owned(),
        (Language::Italian, _) => format!("{number} utenti"),
    }
}

fn users_not_billed(count: u32, language: Language) -> String {
    let users = users(count, language);
    match (language, count) {
        (Language::English, _) => format!("{users} will not be billed"),
        (Language::Italian, 1) => format!("{users} non verrà fatturato"),
        (Language::Italian, _) => format!("{users} non verranno fatturati"),
    }
}

fn not_billed(users: u32, language: Language) -> &'static str {
    match (language, users) {
        (Language::English, _) => "not billed",
        (Language::Italian, 1) => "non fatturato",
        (Language::Italian, _) => "non fatturati",
    }
}

fn is_one(units: f64) -> bool {
    units == 1.0
}

/// Units with their noun: `1 unit`, `2 units`.
pub(crate) fn units(units: f64, language: Language) -> Option<String> {
    let number = number::units(units, language)?;
    Some(match language {
        Language::English if is_one(units) => format!("{number} unit"),
        Language::English => format!("{number} units"),
        Language::Italian => format!("{number} unità"),
    })
}

fn units_stay(present: f64, language: Language) -> Option<String> {
    let units = units(present, language)?;
    Some(match language {
        Language::English => format!("{units} will stay"),
        Language::Italian if is_one(present) => format!("resterà {units}"),
        Language::Italian => format!("resteranno {units}"),
    })
}

fn change(facts: &Facts, language: Language) -> Option<String> {
    let from = number::units(facts.units_from?, language)?;
    let to = units(facts.units_to?.into(), language)?;
    Some(match language {
        Language::English => format!("from {from} to {to}"),
        Language::Italian => format!("da {from} a {to}"),
    })
}

fn days(days: u32, language: Language) -> String {
    let number = number::whole(days.into(), language);
    match (language, days) {
        (Language::English, 1) => "1 day".to_owned(),
        (Language::English, _) => format!("{number} days"),
        (Language::Italian, 1) => "1 giorno".to_owned(),
        (Language::Italian, _) => format!("{number} giorni"),
    }
}

fn brake(brake: Brake, language: Language) -> &'static str {
    match (brake, language) {
        (Brake::FallToZero, Language::English) => "the units would fall to 0, or a company's share of them",
        (Brake::FallToZero, Language::Italian) => "le unità scenderebbero a 0, o la quota di un'azienda",
        (Brake::LargeChange, Language::English) => {
            "the number is far from what Kaseya shows now or from the last invoice"
        }
        (Brake::LargeChange, Language::Italian) => {
            "il numero è lontano da quello che Kaseya mostra ora o dall'ultima fattura"
        }
        (Brake::ManyCompanies, Language::English) => "too many companies would change in one run",
        (Brake::ManyCompanies, Language::Italian) => {
            "in una sola sincronizzazione cambierebbero troppe aziende"
        }
        (Brake::PlanSwitch, Language::English) => {
            "the users moved from another product, whose line changes with it"
        }
        (Brake::PlanSwitch, Language::Italian) => {
            "gli utenti sono passati da un altro prodotto, la cui riga cambia insieme"
        }
        (Brake::Drift, Language::English) => "the units were edited in Kaseya since they were ours",
        (Brake::Drift, Language::Italian) => "le unità sono state modificate in Kaseya dopo il nostro invio",
        (Brake::SetElsewhere, Language::English) => "the line changed back after our number was sent again",
        (Brake::SetElsewhere, Language::Italian) => {
            "la riga è tornata com'era dopo il secondo invio del nostro numero"
        }
        (Brake::BillingCycle, Language::English) => "the contract is not billed monthly",
        (Brake::BillingCycle, Language::Italian) => "il contratto non è fatturato ogni mese",
        (Brake::LaterFinal, Language::English) => "a later final count differs from the frozen one",
        (Brake::LaterFinal, Language::Italian) => {
            "un conteggio definitivo successivo è diverso da quello del mese"
        }
        (Brake::Leftover, Language::English) => {
            "nothing is mapped to this line any more, and it still has our units"
        }
        (Brake::Leftover, Language::Italian) => {
            "a questa riga non è più mappato nulla e contiene ancora le nostre unità"
        }
    }
}
