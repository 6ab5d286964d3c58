//! Why a file was not looked at, or not applied.

use store::StoreError;

use super::{Column, Comparison};

/// Bytes that a file has at most.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Rows that a file has at most.
pub const MAX_ROWS: usize = 50_000;

/// Why a file was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum NotLooked {
    /// It is too large.
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// It has too many rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// It is not UTF-8.
    #[error("the file is not UTF-8: save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// The first row does not name this column.
    #[error("the first row names no column {0}")]
    NoColumn(Column),
    /// A column that is not read has something in it.
    #[error("the column {0:?} is not read, or named twice: remove it")]
    StrangeColumn(String),
    /// There is no such partner, or its connection to Kaseya is to be saved first (S-19).
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a file was not applied: nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// It has bad rows, it is not as it was shown, or it is not said that users are to be added together.
    #[error("look at the file again: it is not as it was shown")]
    LookAgain(Box<Comparison>),
    /// It was not even looked at.
    #[error(transparent)]
    NotLooked(#[from] NotLooked),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        Self::NotLooked(NotLooked::Store(error))
    }
}
