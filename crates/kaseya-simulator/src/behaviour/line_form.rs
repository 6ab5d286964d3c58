//! The form in which lines are read and written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The form in which V1 reads and writes lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineForm {
    /// The path of the list of lines, or of the contract, in a response: field names separated by dots. Empty for
    /// the response itself.
    pub result: String,
    /// The path of the total number of lines; empty if it is never returned.
    pub total: String,
    /// If set, the contract is returned with its lines in this field, and there is no list of lines.
    pub inside: Option<String>,
    /// One list holds the lines of all contracts; `$filter` names the contract.
    pub filtered: bool,
    /// The text of `$filter`; `{contractId}` stands for the contract's id.
    pub filter: String,
    /// Pages are requested by `PageSize` and `PageNumber` instead of `$top` and `$skip`.
    pub numbered_pages: bool,
    /// The HTTP method of a write.
    pub write_method: String,
    /// The body of a write.
    pub write_body: WriteBody,
    /// Other names for a line's fields, keyed by the usual ones.
    pub names: BTreeMap<String, String>,
    /// Dates are shown as days.
    pub plain_days: bool,
    /// Dates are shown as midnights in UTC.
    pub utc_dates: bool,
    /// No field says whether a call succeeded: only the HTTP status does.
    pub without_status: bool,
    /// The field that says whether a call succeeded. See `done` for its value.
    pub status: String,
    /// The value of `status` for success.
    pub done: String,
    /// The field for the error message. See `no_error` for its value on success.
    pub error: String,
    /// The value of `error` for no error.
    pub no_error: String,
}

/// The body of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum WriteBody {
    /// The line.
    #[default]
    Line,
    /// An array of lines.
    Array,
    /// A JSON Patch (RFC 6902).
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
    /// The name of a field in this form.
    pub(crate) fn name<'a>(&'a self, usual: &'a str) -> &'a str {
        self.names.get(usual).map_or(usual, String::as_str)
    }

    /// The usual name of a field in this form.
    pub(crate) fn usual<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.names.iter().find(|(_, here)| here.eq_ignore_ascii_case(name));
        known.map_or(name, |(usual, _)| usual.as_str())
    }

    /// The response of a successful call, with these words for success.
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

/// Sets the value at a path of field names. A list has no fields.
fn place(answer: &mut Value, path: &str, value: Value) {
    let mut at = answer;
    for name in path.split('.') {
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value;
}
