//! Reads the form of lines from a line profile of the client. This is a second implementation on purpose, without
//! the client's own code: if both read a profile alike, they read it as it is written.

use serde::Deserialize;

use crate::{LineBehaviour, LineForm, WriteBody};

/// What is wrong with a profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not valid TOML, or a field is missing.
    #[error("this is no line profile: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// An unknown value.
    #[error("{field} {word:?} is not known")]
    Unknown {
        /// The field.
        field: &'static str,
        /// Its value.
        word: String,
    },
}

/// The path of V1 below the simulator's URL.
const BASE: &str = "/api";

#[derive(Deserialize)]
struct Profile {
    read: Read,
    write: Write,
    fields: Option<Fields>,
    outcome: Option<Outcome>,
}

#[derive(Deserialize)]
struct Read {
    route: String,
    filter: Option<String>,
    rows: String,
    total: Option<String>,
    paging: String,
}

#[derive(Deserialize)]
struct Write {
    method: String,
    route: String,
    body: String,
}

#[derive(Deserialize)]
struct Fields {
    line: String,
    service: String,
    contract: String,
    units: String,
    unit_price: String,
    effective_date: String,
    proration: Option<String>,
    date_form: String,
}

#[derive(Deserialize)]
struct Outcome {
    status: Option<String>,
    #[serde(default)]
    success: Vec<String>,
    error: Option<String>,
    #[serde(default)]
    no_error: Vec<String>,
}

impl LineBehaviour {
    /// Reads and writes lines as a profile says. `profile` is its TOML text.
    ///
    /// # Errors
    /// The text is not a valid profile.
    pub fn follow_profile(&mut self, profile: &str) -> Result<(), ProfileError> {
        let Profile { read, write, fields, outcome } = toml::from_str(profile).map_err(Box::new)?;
        let mut form = LineForm::default();
        self.lines_route = format!("{BASE}{}", read.route);
        self.line_route = format!("{BASE}{}", write.route);
        (form.result, form.inside) = match read.rows.rsplit_once('.') {
            Some((contract, lines)) if read.filter.is_none() => (contract.to_owned(), Some(lines.to_owned())),
            _ => (read.rows, None),
        };
        form.total = read.total.unwrap_or_default();
        form.filtered = read.filter.is_some();
        form.filter = read.filter.unwrap_or(form.filter);
        self.ignores_paging = match read.paging.as_str() {
            "none" => true,
            "skip" | "page" => false,
            _ => return Err(ProfileError::Unknown { field: "read.paging", word: read.paging }),
        };
        form.numbered_pages = read.paging == "page";
        form.write_method = write.method.to_uppercase();
        form.write_body = match write.body.as_str() {
            "line" => WriteBody::Line,
            "array" => WriteBody::Array,
            "json_patch" => WriteBody::JsonPatch,
            "contract" => WriteBody::Contract,
            _ => return Err(ProfileError::Unknown { field: "write.body", word: write.body }),
        };
        if let Some(fields) = fields {
            (form.plain_days, form.utc_dates) = match fields.date_form.as_str() {
                "midnight" => (false, false),
                "day" => (true, false),
                "utc_midnight" => (false, true),
                _ => return Err(ProfileError::Unknown { field: "fields.date_form", word: fields.date_form }),
            };
            let names = [
                ("Id", Some(fields.line)),
                ("ServiceId", Some(fields.service)),
                ("ContractId", Some(fields.contract)),
                ("Units", Some(fields.units)),
                ("UnitPrice", Some(fields.unit_price)),
                ("EffectiveDate", Some(fields.effective_date)),
                ("ProrationOf", fields.proration),
            ];
            let names = names.into_iter().filter_map(|(usual, here)| Some((usual.to_owned(), here?)));
            form.names = names.filter(|(usual, here)| usual != here).collect();
        }
        if let Some(outcome) = outcome {
            form.without_status = outcome.status.is_none();
            form.status = outcome.status.unwrap_or(form.status);
            form.error = outcome.error.unwrap_or(form.error);
            form.done = outcome.success.into_iter().next().unwrap_or(form.done);
            form.no_error = outcome.no_error.into_iter().next().unwrap_or_default();
            (self.success_status, self.success_error) = (form.done.clone(), form.no_error.clone());
        }
        self.form = form;
        Ok(())
    }
}
