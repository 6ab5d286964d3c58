//! Line profiles: how a tenant's V1 shows and takes the lines of a contract. Nobody has published it, so it is data: a wrong
//! guess is replaced in the field. What keeps a line safe is in no profile (see [`Session::lines`](crate::Session::lines)).

mod check;
mod file;
#[cfg(test)]
mod tests;

use std::{fmt, sync::LazyLock};

use domain::{ContractId, LineId};
use jiff::civil::Date;
use serde::Deserialize;

pub(crate) use check::plain;

/// What is wrong with a profile's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line profile, line {line}: {problem}")]
pub struct LineProfileError {
    /// The line of the text, from 1.
    pub line: usize,
    /// The field, what is wrong with it, and the fix.
    pub problem: String,
}

/// How the lines of a contract are read and written below V1's base.
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
    /// The value of `$filter`, where one list holds the lines of all contracts.
    pub filter: Option<String>,
    /// The fields that lead from the answer to the list of lines.
    pub rows: Vec<String>,
    /// The fields that lead to the number of all lines.
    pub total: Option<Vec<String>>,
    pub paging: Paging,
}

/// How a list that is longer than a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Paging {
    /// It always comes whole.
    None,
    /// `$top` and `$skip`, with the rows of a page.
    Skip(usize),
    /// `PageSize` and `PageNumber`, from 1, with the rows of a page.
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
    /// The word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Post => "post",
        }
    }
}

impl LineWrite {
    /// Whether it replaces all lines of the contract: a contract, or a list that is PUT, holds what is to be there.
    pub fn replaces_all(&self) -> bool {
        match self.body {
            WriteBody::Contract => true,
            WriteBody::Array => self.method == WriteMethod::Put,
            WriteBody::Line | WriteBody::JsonPatch => false,
        }
    }
}

/// What a write sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteBody {
    Line,
    Array,
    JsonPatch,
    Contract,
}

impl WriteBody {
    /// The word in a profile.
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
    /// What marks a row as a proration of a past change, which is no line.
    pub proration: Option<String>,
    /// What a paged list is sorted by.
    pub sort: Option<String>,
    pub date_form: DateForm,
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateForm {
    Midnight,
    UtcMidnight,
    Day,
}

impl DateForm {
    /// The word in a profile.
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

/// What says whether a call succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The field with the status word; without one the HTTP status alone tells.
    pub status: Option<String>,
    #[serde(default)]
    pub success: Vec<String>,
    /// Words that are a plain no, compared without blanks and case. None is published: the shipped ones go by the names of
    /// HTTP's statuses. A fault of the server is none of them: it may have come after the change was made.
    #[serde(default)]
    pub no: Vec<String>,
    /// The field that says what went wrong.
    pub error: Option<String>,
    #[serde(default)]
    pub no_error: Vec<String>,
}

const CONTRACT: &str = "{contractId}";
const LINE: &str = "{lineId}";

/// Texts of profiles that come with the program, the default first.
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

/// It has every table, and those that another profile leaves out are taken from it.
static DEFAULT: LazyLock<LineProfile> = LazyLock::new(|| parse_shipped(SHIPPED[0]));
static PARSED: LazyLock<Vec<LineProfile>> =
    LazyLock::new(|| SHIPPED.into_iter().map(parse_shipped).collect());

impl Default for LineProfile {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl LineProfile {
    /// Those that come with the program, the default first.
    pub fn shipped() -> &'static [Self] {
        &PARSED
    }

    /// The stored profile; the default where none is stored.
    pub fn stored(text: Option<&str>) -> Result<Self, LineProfileError> {
        text.map_or_else(|| Ok(Self::default()), Self::parse)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The TOML text it was read from.
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
    /// The names by their keys in a profile.
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
