//! Invalid rows of a file.

use domain::CompanyId;

/// A column, by its name in the header row.
pub type Column = &'static str;

/// An invalid row: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The row's number in a spreadsheet. The header row is 1.
    pub line: u64,
    /// The column.
    pub column: Column,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The cell is empty but required.
    #[error("it is missing")]
    Missing,
    /// The cell is not a number in this range.
    #[error("write a whole number from {least} to {most}")]
    OutOfRange {
        /// The minimum.
        least: u32,
        /// The maximum.
        most: u32,
    },
    /// The cell is none of these words.
    #[error("write one of: {0}")]
    NotOneOf(&'static str),
    /// No product or company has this id.
    #[error("there is no {0}")]
    Unknown(String),
    /// The company or product with this id has another name: a spreadsheet may have changed the id.
    #[error("the one of this id is called {0}: check the id")]
    OtherName(String),
    /// Kaseya has another name for this id (G-06).
    #[error(
        "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): correct the one or the other"
    )]
    NotItsName {
        /// The id.
        id: i32,
        /// The name in the row.
        told: String,
        /// Kaseya's name.
        named: String,
    },
    /// Another row, at this number, is about the same.
    #[error("row {0} is about the same: leave one")]
    Twice(u64),
    /// A product can have a contract of its own only if its company is mapped.
    #[error("the company is not mapped: give it an account and a contract first")]
    NotMapped,
    /// Other companies map the contract to another account.
    #[error("other companies have this contract under another account: {}", names(.0))]
    OtherAccount(Vec<CompanyId>),
    /// The row has more cells than the header row: a separator inside a name is not quoted.
    #[error("the row has more cells than the first row: put quotes around a name with a separator in it")]
    TooManyCells,
    /// The cell has no effect: this kind of row does not read it, or another cell is missing or contradicts it.
    #[error("nothing is done with it in this row: empty it{}", also(*.0))]
    NoEffect(Option<Column>),
    /// The text has an invalid character or is too long.
    #[error(transparent)]
    Text(domain::TextError),
}

fn also(column: Option<Column>) -> String {
    column.map(|column| format!(", or fill in {column}")).unwrap_or_default()
}

fn names(companies: &[CompanyId]) -> String {
    companies.iter().map(CompanyId::as_str).collect::<Vec<_>>().join(", ")
}
