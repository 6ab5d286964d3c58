//! The form in which lines are shown and taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The form in which V1 shows and takes lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineForm {
    /// The contract is shown with its lines in this field, and no list of lines is.
    pub inside: Option<String>,
    /// One list holds the lines of all contracts; `$filter` names the contract, as `ContractId eq 5012`.
    pub filtered: bool,
    /// Pages are asked for by `PageSize` and `PageNumber`, and not by `$top` and `$skip`.
    pub numbered_pages: bool,
    /// The method of a write.
    pub write_method: String,
    /// What a write sends.
    pub write_body: WriteBody,
    /// Other names for a line's fields, by the usual ones.
    pub names: BTreeMap<String, String>,
    /// Dates are shown as days.
    pub plain_days: bool,
    /// No field says whether a call succeeded: the status alone does.
    pub without_status: bool,
}

/// What a write of a line sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum WriteBody {
    /// The line.
    #[default]
    Line,
    /// An array of lines.
    Array,
    /// Changes by RFC 6902.
    JsonPatch,
    /// The contract with its lines.
    Contract,
}

impl Default for LineForm {
    fn default() -> Self {
        Self {
            inside: None,
            filtered: false,
            numbered_pages: false,
            write_method: "PUT".to_owned(),
            write_body: WriteBody::Line,
            names: BTreeMap::new(),
            plain_days: false,
            without_status: false,
        }
    }
}

impl LineForm {
    /// How a field is called here.
    pub(crate) fn name<'a>(&'a self, usual: &'a str) -> &'a str {
        self.names.get(usual).map_or(usual, String::as_str)
    }

    /// How a field that is called so here usually is.
    pub(crate) fn usual<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.names.iter().find(|(_, here)| here.eq_ignore_ascii_case(name));
        known.map_or(name, |(usual, _)| usual.as_str())
    }
}
