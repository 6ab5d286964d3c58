//! Checks that keep the names and words of a profile distinct.

use std::collections::BTreeMap;

use super::{LineFields, Outcome};

impl LineFields {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let more = [("proration", &self.proration), ("sort", &self.sort)];
        let more = more.into_iter().filter_map(|(key, name)| Some((key, name.as_deref()?)));
        for (key, name) in self.named().into_iter().chain(more) {
            let wrong = |problem: String| Err((key, format!("fields.{key}: {problem}")));
            if name.is_empty() || name.len() > 60 || name.split('.').any(str::is_empty) {
                return wrong("write the field's name, up to 60 characters".to_owned());
            }
            if name.contains('.') && ["line", "units", "effective_date"].contains(&key) {
                return wrong(format!("{name:?} lies inside another field, and the line's own is needed"));
            }
            // A list may be sorted by any field.
            if key == "sort" {
                continue;
            }
            if let Some(other) = seen.insert(name.to_ascii_lowercase(), key) {
                return wrong(format!("{name:?} is already fields.{other}: each field has its own name"));
            }
            let usual = USUAL_NAMES.iter().find(|(usual, _)| usual.eq_ignore_ascii_case(name));
            if let Some((usual, of)) = usual.filter(|(_, of)| *of != key) {
                return wrong(format!(
                    "{usual} is the {of} of a line: write the name of the field that is meant"
                ));
            }
        }
        Ok(())
    }
}

/// Names that have had one meaning wherever Kaseya has shown them, with that meaning: a number read from one of
/// them as something else would be written over it.
const USUAL_NAMES: [(&str, &str); 15] = [
    ("ContractId", "contract"),
    ("ClientContractId", "contract"),
    ("ServiceId", "service"),
    ("Units", "units"),
    ("UnitPrice", "unit_price"),
    ("EffectiveDate", "effective_date"),
    ("AccountId", "account"),
    ("ClientAccountId", "account"),
    ("UnitCost", "cost"),
    ("TotalPrice", "total price"),
    ("TotalCost", "total cost"),
    ("OriginalUnitPrice", "original price"),
    ("OriginalUnitCost", "original cost"),
    ("Margin", "margin"),
    ("SortOrder", "place on the invoice"),
];

impl Outcome {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let empty = |words: &[String]| words.iter().any(|word| word.trim().is_empty());
        let yes_and_no = self.success.iter().find(|yes| self.no.iter().any(|no| plain(no) == plain(yes)));
        match &self.status {
            Some(_) if self.success.is_empty() => Err((
                "success",
                "outcome.success: write at least one word of outcome.status for a success".to_owned(),
            )),
            None if !self.success.is_empty() || !self.no.is_empty() => Err((
                "success",
                "outcome.status is missing: write the field whose words outcome.success and outcome.no are"
                    .to_owned(),
            )),
            Some(_) if empty(&self.success) || empty(&self.no) => Err((
                if empty(&self.no) { "no" } else { "success" },
                "outcome: an empty word says neither yes nor no: leave it out".to_owned(),
            )),
            _ => match yes_and_no {
                Some(word) => Err((
                    "success",
                    format!("outcome.success: {word:?} is in outcome.no too: leave it in one of them"),
                )),
                None => Ok(()),
            },
        }
    }
}

/// A word reduced to letters and digits, to be compared with the words for no.
pub(crate) fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}
