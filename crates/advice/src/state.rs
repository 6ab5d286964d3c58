//! The states of a company and contract, as rows show them.

use domain::CompanyState;

use crate::{Facts, Language, Reader, number};

/// A state with its facts: `changed (10 → 12)`, `Rinviata alle 14:10`.
pub fn state(state: CompanyState, facts: &Facts, reader: &Reader) -> String {
    let words = match (state, reader.language) {
        (CompanyState::Never, Language::English) => "never synced",
        (CompanyState::Never, Language::Italian) => "Mai sincronizzata",
        (CompanyState::Queued, Language::English) => "queued",
        (CompanyState::Queued, Language::Italian) => "In coda",
        (CompanyState::Running, Language::English) => "running",
        (CompanyState::Running, Language::Italian) => "In corso",
        (CompanyState::Changed, Language::English) => "changed",
        (CompanyState::Changed, Language::Italian) => "Aggiornata",
        (CompanyState::Unchanged, Language::English) => "unchanged",
        (CompanyState::Unchanged, Language::Italian) => "Già allineata",
        (CompanyState::Sent, Language::English) => "sent, to be confirmed",
        (CompanyState::Sent, Language::Italian) => "Inviata, da confermare",
        (CompanyState::Held, Language::English) => "held",
        (CompanyState::Held, Language::Italian) => "Da approvare",
        (CompanyState::NotSent, Language::English) => "not sent",
        (CompanyState::NotSent, Language::Italian) => "Non inviata",
        (CompanyState::NotMapped, Language::English) => "not mapped",
        (CompanyState::NotMapped, Language::Italian) => "Non mappata",
        (CompanyState::NotBilled, Language::English) => "not billed",
        (CompanyState::NotBilled, Language::Italian) => "Esclusa dalla fatturazione",
        (CompanyState::Deferred, Language::English) => "deferred",
        (CompanyState::Deferred, Language::Italian) => "Rinviata",
        (CompanyState::Off, Language::English) => "off",
        (CompanyState::Off, Language::Italian) => "Integrazione disattivata",
    };
    let more = match state {
        CompanyState::Changed | CompanyState::Sent | CompanyState::Held => change(facts, reader.language),
        CompanyState::Deferred => facts.next_try.map(|at| format!(" {}", reader.until(at))),
        _ => None,
    };
    format!("{words}{}", more.unwrap_or_default())
}

/// ` (10 → 12)`.
fn change(facts: &Facts, language: Language) -> Option<String> {
    let from = number::units(facts.units_from?, language)?;
    let to = number::whole(facts.units_to?.into(), language);
    Some(format!(" ({from} → {to})"))
}
