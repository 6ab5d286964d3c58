//! The form in which lines are shown and taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The form in which V1 shows and takes lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineForm {
    /// Where the list of lines, or the contract, stands in an answer: field names with dots, or nothing for the answer itself.
    pub result: String,
    /// Where the number of all lines stands; nothing where it is never told.
    pub total: String,
    /// The contract is shown with its lines in this field, and no list of lines is.
    pub inside: Option<String>,
    /// One list holds the lines of all contracts; `$filter` names the contract.
    pub filtered: bool,
    /// How `$filter` names it; `{contractId}` stands for its id.
    pub filter: String,
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
    /// Dates are shown as midnights in UTC.
    pub utc_dates: bool,
    /// No field says whether a call succeeded: the status alone does.
    pub without_status: bool,
    /// The field that says so, and its word for yes.
    pub status: String,
    /// See `status`.
    pub done: String,
    /// The field that says what went wrong, and its word for nothing.
    pub error: String,
    /// See `error`.
    pub no_error: String,
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
            result: "Result".to_owned(),
            total: "TotalRecords".to_owned(),
            inside: None,
            filtered: false,
            filter: "ContractId eq {contractId}".to_owned(),
            numbered_pages: false,
            write_method: "PUT".to_owned(),
            write_body: WriteBody::Line,
            names: BTreeMap::new(),
            plain_days: false,
            utc_dates: false,
            without_status: false,
            status: "Status".to_owned(),
            done: "OK".to_owned(),
            error: "Error".to_owned(),
            no_error: "None".to_owned(),
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

    /// The answer of a call that succeeded, with these words for that.
    pub(crate) fn success(
        &self,
        result: Value,
        total: Option<usize>,
        (done, no_error): (&str, &str),
    ) -> Value {
        let mut answer = if self.result.is_empty() { result.clone() } else { Value::Object(Map::new()) };
        if !self.without_status {
            place(&mut answer, "ResponseCode", json!(0));
            place(&mut answer, &self.status, json!(done));
            place(&mut answer, &self.error, json!(no_error));
        }
        if !self.result.is_empty() {
            place(&mut answer, &self.result, result);
        }
        if let Some(total) = total.filter(|_| !self.total.is_empty()) {
            place(&mut answer, &self.total, json!(total));
        }
        answer
    }
}

/// Sets the value at a path of field names; a list has no fields.
fn place(answer: &mut Value, path: &str, value: Value) {
    let mut at = answer;
    for name in path.split('.') {
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value;
}
