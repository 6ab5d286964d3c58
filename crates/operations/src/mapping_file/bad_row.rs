//! Rows that cannot be taken.

use domain::CompanyId;

/// A column by its name in the first row.
pub type Column = &'static str;

/// A row that cannot be taken: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number in a spreadsheet: the first row, which names the columns, is 1.
    pub line: u64,
    /// The column.
    pub column: Column,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is empty, and must not be.
    #[error("it is missing")]
    Missing,
    /// It is not a number from the one to the other.
    #[error("write a whole number from {least} to {most}")]
    OutOfRange {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// It is none of these words.
    #[error("write one of: {0}")]
    NotOneOf(&'static str),
    /// There is no product or company of this id.
    #[error("there is no {0}")]
    Unknown(String),
    /// The company or product of this id has another name: the id may have been changed by the spreadsheet.
    #[error("the one of this id is called {0}: check the id")]
    OtherName(String),
    /// Kaseya calls what has this id otherwise (G-06).
    #[error(
        "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): correct the one or the other"
    )]
    NotItsName {
        /// The id.
        id: i32,
        /// What the row calls it.
        told: String,
        /// What Kaseya calls it.
        named: String,
    },
    /// Another row is about the same.
    #[error("row {0} is about the same: leave one")]
    Twice(u64),
    /// A product has a contract of its own only where its company is mapped.
    #[error("the company is not mapped: give it an account and a contract first")]
    NotMapped,
    /// Other companies say that the contract is another account's.
    #[error("other companies have this contract under another account: {}", names(.0))]
    OtherAccount(Vec<CompanyId>),
    /// The row has more cells than the first one: a separator within a name is not between quotes.
    #[error("the row has more cells than the first row: put quotes around a name with a separator in it")]
    TooManyCells,
    /// Nothing is done with the cell: its row is of a kind that does not read it, or another cell is missing or says otherwise.
    #[error("nothing is done with it in this row: empty it{}", also(*.0))]
    NoEffect(Option<Column>),
    /// It has a character that no text may have, or too many.
    #[error(transparent)]
    Text(domain::TextError),
}

fn also(column: Option<Column>) -> String {
    column.map(|column| format!(", or fill in {column}")).unwrap_or_default()
}

fn names(companies: &[CompanyId]) -> String {
    companies.iter().map(CompanyId::as_str).collect::<Vec<_>>().join(", ")
}
