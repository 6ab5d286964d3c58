//! Ids in a document: each occurs once and must be known.

use std::collections::BTreeSet;

use super::section::Section;

/// Notes a second row with the same id.
pub(super) fn once<'s, Id: Ord + Clone + std::fmt::Display>(
    seen: &mut BTreeSet<Id>,
    section: &Section<'s, '_>,
    name: &str,
    id: Option<&Id>,
) {
    if let Some(id) = id
        && !seen.insert(id.clone())
    {
        section.mistake(name, format!("{id} is listed twice"), "list it once, or correct the id");
    }
}

/// Notes an unknown id, with the nearest known one.
pub(super) fn known<Id: Ord + std::fmt::Display>(
    section: &Section<'_, '_>,
    name: &str,
    id: &Id,
    all: &BTreeSet<Id>,
    what: &str,
) {
    if !all.contains(id) {
        section.mistake(name, format!("there is no {what} {id}"), fix_unknown(id, all, what));
    }
}

/// How to fix an unknown id.
pub(super) fn fix_unknown<Id: std::fmt::Display>(id: &Id, all: &BTreeSet<Id>, what: &str) -> String {
    let id = id.to_string();
    let distance = |known: &Id| strsim::damerau_levenshtein(&known.to_string(), &id);
    match all.iter().min_by_key(|known| distance(known)).filter(|known| distance(known) <= 3) {
        Some(nearest) => format!("write {nearest} if that is what you mean, or add a [[{what}]] for it"),
        None => format!("add a [[{what}]] for it"),
    }
}
