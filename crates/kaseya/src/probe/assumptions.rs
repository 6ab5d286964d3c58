//! The table of assumptions.

use std::sync::LazyLock;

use serde::Deserialize;

/// Something that the client takes for granted about Kaseya.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its stable name.
    pub id: String,
    /// What is taken for granted.
    pub says: String,
    /// vendor, observed or guess.
    pub standing: String,
    /// The guesses of `kaseya-bms.calls.json` that it stands for.
    pub guesses: Vec<String>,
    /// What a contradiction means, and what to do.
    pub if_contradicted: String,
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

/// All of them.
pub(super) fn all() -> &'static [Assumption] {
    &ALL
}
