//! Line profiles: how a tenant's V1 returns and accepts the lines of a contract. Kaseya has not published this, so
//! it is data: a wrong guess can be replaced in the field. The rules that keep a line safe are in no profile (see
//! [`Session::lines`](crate::Session::lines)).

mod check;
mod file;
#[cfg(test)]
mod tests;

use std::{fmt, sync::LazyLock};

use domain::{ContractId, LineId};
use jiff::civil::Date;
use serde::Deserialize;

pub(crate) use check::plain;

/// An error in a profile's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line profile, line {line}: {problem}")]
pub struct LineProfileError {
    /// The line of the text, from 1.
    pub line: usize,
    /// The field, the error, and the fix.
    pub problem: String,
}

/// How the lines of a contract are read and written below V1's base address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LineProfile {
    name: String,
    text: String,
    pub(crate) read: LineRead,
    pub(crate) write: LineWrite,
    pub(crate) fields: LineFields,
    pub(crate) outcome: Outcome,
}

/// How lines are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineRead {
    pub route: String,
    /// The value of `$filter`, if one list contains the lines of all contracts.
    pub filter: Option<String>,
    /// The path of fields from the response to the list of lines.
    pub rows: Vec<String>,
    /// The path of fields to the total number of lines.
    pub total: Option<Vec<String>>,
    pub paging: Paging,
}

/// How to request a list that is longer than a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Paging {
    /// The list always arrives whole.
    None,
    /// `$top` and `$skip`, with the rows per page.
    Skip(usize),
    /// `PageSize` and `PageNumber`, from 1, with the rows per page.
    Page(usize),
}

/// How a line is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineWrite {
    pub method: WriteMethod,
    pub route: String,
    pub body: WriteBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteMethod {
    Put,
    Patch,
    Post,
}

impl WriteMethod {
    /// Its word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Post => "post",
        }
    }
}

impl LineWrite {
    /// Whether it replaces all lines of the contract: a contract, or a list sent by PUT, contains the complete new
    /// state.
    pub fn replaces_all(&self) -> bool {
        match self.body {
            WriteBody::Contract => true,
            WriteBody::Array => self.method == WriteMethod::Put,
            WriteBody::Line | WriteBody::JsonPatch => false,
        }
    }
}

/// The body of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteBody {
    Line,
    Array,
    JsonPatch,
    Contract,
}

impl WriteBody {
    /// Its word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Array => "array",
            Self::JsonPatch => "json_patch",
            Self::Contract => "contract",
        }
    }
}

/// Names of a line's fields, in any case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineFields {
    pub line: String,
    pub service: String,
    pub contract: String,
    pub units: String,
    pub unit_price: String,
    pub effective_date: String,
    /// The field that marks a row as a proration of a past change, which is not a line.
    pub proration: Option<String>,
    /// The field that a paged list is sorted by.
    pub sort: Option<String>,
    pub date_form: DateForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateForm {
    Midnight,
    UtcMidnight,
    Day,
}

impl DateForm {
    /// Its word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Midnight => "midnight",
            Self::UtcMidnight => "utc_midnight",
            Self::Day => "day",
        }
    }

    pub fn text(self, day: Date) -> String {
        match self {
            Self::Midnight => format!("{day}T00:00:00"),
            Self::UtcMidnight => format!("{day}T00:00:00Z"),
            Self::Day => day.to_string(),
        }
    }
}

/// How a response says whether a call succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The field with the status word; without it only the HTTP status counts.
    pub status: Option<String>,
    #[serde(default)]
    pub success: Vec<String>,
    /// Words that clearly mean no, compared without blanks and case. Kaseya publishes none: the built-in ones are
    /// the names of HTTP's statuses. Server errors are not among them: they may come after the change was made.
    #[serde(default)]
    pub no: Vec<String>,
    /// The field with the error text.
    pub error: Option<String>,
    #[serde(default)]
    pub no_error: Vec<String>,
}

const CONTRACT: &str = "{contractId}";
const LINE: &str = "{lineId}";

/// Texts of the built-in profiles, the default first.
const SHIPPED: [&str; 7] = [
    include_str!("../../../../deploy/line-profiles/nested-list.toml"),
    include_str!("../../../../deploy/line-profiles/recurring-list.toml"),
    include_str!("../../../../deploy/line-profiles/flat-list.toml"),
    include_str!("../../../../deploy/line-profiles/whole-contract.toml"),
    include_str!("../../../../deploy/line-profiles/nested-list-patch.toml"),
    include_str!("../../../../deploy/line-profiles/plain-contract.toml"),
    include_str!("../../../../deploy/line-profiles/filtered-list.toml"),
];

fn parse_shipped(text: &str) -> LineProfile {
    LineProfile::parse(text).expect("a shipped profile is right: a test reads each")
}

/// It has every table; other profiles take the tables they omit from it.
static DEFAULT: LazyLock<LineProfile> = LazyLock::new(|| parse_shipped(SHIPPED[0]));
static PARSED: LazyLock<Vec<LineProfile>> =
    LazyLock::new(|| SHIPPED.into_iter().map(parse_shipped).collect());

impl Default for LineProfile {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl LineProfile {
    /// The built-in profiles, the default first.
    pub fn shipped() -> &'static [Self] {
        &PARSED
    }

    /// The stored profile; the default if none is stored.
    pub fn stored(text: Option<&str>) -> Result<Self, LineProfileError> {
        text.map_or_else(|| Ok(Self::default()), Self::parse)
    }

    /// The profile's name, from its text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The TOML text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The profile without its text, which says the same.
impl fmt::Debug for LineProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineProfile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Fills the ids into a route or filter.
pub(crate) fn filled(route: &str, contract: ContractId, line: Option<LineId>) -> String {
    let route = route.replace(CONTRACT, &contract.to_string());
    line.map_or(route.clone(), |line| route.replace(LINE, &line.to_string()))
}

impl LineFields {
    /// The names, by their keys in a profile.
    pub fn named(&self) -> [(&'static str, &str); 6] {
        [
            ("line", &self.line),
            ("service", &self.service),
            ("contract", &self.contract),
            ("units", &self.units),
            ("unit_price", &self.unit_price),
            ("effective_date", &self.effective_date),
        ]
    }
}
