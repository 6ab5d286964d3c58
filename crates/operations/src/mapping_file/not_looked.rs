//! Why a file was not compared, or not applied.

use store::StoreError;

use super::{Column, Comparison};

/// Maximum size of a file, in bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Maximum number of rows in a file.
pub const MAX_ROWS: usize = 50_000;

/// Why a file was not compared.
#[derive(Debug, thiserror::Error)]
pub enum NotLooked {
    /// The file is too large.
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// The file has too many rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// The file is not UTF-8.
    #[error("the file is not UTF-8: save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// The header row lacks this column.
    #[error("the first row names no column {0}")]
    NoColumn(Column),
    /// A column that is not read has content.
    #[error("the column {0:?} is not read, or named twice: remove it")]
    StrangeColumn(String),
    /// The partner does not exist, or its connection to Kaseya must be saved first (S-19).
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing of a file was applied.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// The file has bad rows, would no longer change what was shown, or adds users together without confirmation.
    #[error("look at the file again: it is not as it was shown")]
    LookAgain(Box<Comparison>),
    /// The file could not be compared.
    #[error(transparent)]
    NotLooked(#[from] NotLooked),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        Self::NotLooked(NotLooked::Store(error))
    }
}
