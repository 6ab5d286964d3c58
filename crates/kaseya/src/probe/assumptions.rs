//! The table of assumptions.

use std::sync::LazyLock;

use serde::Deserialize;

/// An assumption of the client about Kaseya.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its stable name.
    pub id: String,
    /// The assumption in words.
    pub says: String,
    /// vendor, observed or guess.
    pub standing: String,
    /// The guesses of `kaseya-bms.calls.json` that it covers.
    pub guesses: Vec<String>,
    /// What a contradiction means, and what to do.
    pub if_contradicted: String,
    /// What could be true instead, where a line profile can express it.
    #[serde(default)]
    pub alternatives: Vec<String>,
    /// The fields of a line profile that settle it, in a profile of this program or in a custom file.
    #[serde(default)]
    pub profile_fields: Vec<String>,
    /// The line profiles of this program that each express it in their own way.
    #[serde(default)]
    pub profiles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    assumptions: Vec<Assumption>,
}

static ALL: LazyLock<Vec<Assumption>> = LazyLock::new(|| {
    let text = include_str!("../../../../proto-schemas/kaseya-bms.assumptions.json");
    let table: Table =
        serde_json::from_str(text).expect("the table is part of the program, and a test reads it");
    table.assumptions
});

/// The whole table.
pub(super) fn all() -> &'static [Assumption] {
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineProfile;

    #[test]
    fn alternatives_are_settled_by_profiles_and_fields_that_there_are() {
        let shipped: Vec<&str> = LineProfile::shipped().iter().map(LineProfile::name).collect();
        let described: String = LineProfile::shipped().iter().map(LineProfile::text).collect();
        for one in all() {
            assert_eq!(one.alternatives.is_empty(), one.profile_fields.is_empty(), "{}", one.id);
            assert!(one.profiles.iter().all(|name| shipped.contains(&name.as_str())), "{}", one.id);
            for field in &one.profile_fields {
                let name = field.rsplit('.').next().expect("a split has a last part");
                assert!(described.contains(name), "{}: {field}", one.id);
            }
        }
        for name in ["nested-list", "recurring-list", "whole-contract", "flat-list", "nested-list-patch"] {
            assert!(all().iter().any(|one| one.profiles.iter().any(|known| known == name)), "{name}");
        }
    }
}
