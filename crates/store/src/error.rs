//! What the database refuses, and what to do about it.

use std::{error::Error, fmt::Display};

use deadpool_postgres::{PoolError, TimeoutType};
use domain::FailureClass;

/// A failure of the store. Its text names the SQLSTATE and the whole chain of causes, and never a parameter's value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke. If that was during a commit, nobody knows whether it took place.
    #[error("the database cannot be reached: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// All connections of the pool stayed busy.
    #[error("no connection of the pool became free in time")]
    PoolBusy,
    /// A constraint was violated.
    #[error("constraint {constraint} of table {table}: {reason} (SQLSTATE {sqlstate})")]
    Violation {
        /// Its name in the database.
        constraint: String,
        /// The table it stands on.
        table: String,
        /// The five characters.
        sqlstate: String,
        /// The server's words.
        reason: String,
    },
    /// The server refused for another reason.
    #[error("the database refused: {reason} (SQLSTATE {sqlstate})")]
    Database {
        /// The five characters.
        sqlstate: String,
        /// The server's words.
        reason: String,
    },
    /// A row was asked for that is not there.
    #[error("there is no such row")]
    NoRow,
    /// A statement met another number of rows than it must.
    #[error("{expected} rows were expected, {found} found")]
    RowCount {
        /// How many it must meet.
        expected: u64,
        /// How many it met.
        found: u64,
    },
    /// A value does not fit between table and program.
    #[error("{table}.{column}: {reason}")]
    Row {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What does not fit.
        reason: String,
    },
    /// A statement and its parameters do not fit.
    #[error("a statement is used wrongly: {reason}")]
    Misuse {
        /// How.
        reason: String,
    },
    /// A statement failed inside a transaction that went on as if it had not; nothing was committed.
    #[error("transaction {transaction} ended well although one of its statements had failed")]
    FailureIgnored {
        /// The transaction's name.
        transaction: &'static str,
    },
    /// The tables are older than this program.
    #[error(
        "the database's schema is at version {}, this program needs {needed}: run `kaseya-sync migrate` first",
        .found.map_or_else(|| "none".to_owned(), |version| version.to_string())
    )]
    SchemaTooOld {
        /// The newest migration that was applied.
        found: Option<i32>,
        /// The newest that this program knows.
        needed: i32,
    },
    /// A migration failed, or one that was applied has been edited since.
    #[error("migration failed: {reason}")]
    Migration {
        /// Why.
        reason: String,
    },
    /// The settings make no safe connection.
    #[error("database settings: {reason}")]
    Settings {
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// What to do: again, or never again by itself.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable { .. } | Self::PoolBusy => FailureClass::Transient,
            Self::Database { sqlstate, .. } if passes_by_itself(sqlstate) => FailureClass::Transient,
            Self::Database { .. }
            | Self::Violation { .. }
            | Self::NoRow
            | Self::RowCount { .. }
            | Self::Row { .. }
            | Self::Misuse { .. }
            | Self::FailureIgnored { .. }
            | Self::SchemaTooOld { .. }
            | Self::Migration { .. }
            | Self::Settings { .. } => FailureClass::Permanent,
        }
    }

    /// The constraint that was violated, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Violation { constraint, .. } => Some(constraint),
            _ => None,
        }
    }

    /// Two transactions stood in each other's way, and the server ended this one.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database { sqlstate, .. } if matches!(sqlstate.as_str(), "40001" | "40P01"))
    }

    /// For a value that does not fit between `table`.`column` and the program.
    pub(crate) fn row(table: &str, column: &str, reason: &dyn Display) -> Self {
        Self::Row { table: table.to_owned(), column: column.to_owned(), reason: reason.to_string() }
    }

    /// For a failure while a connection is made or looked at: without the server's own words it is the network's.
    pub(crate) fn connecting(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => refused(refusal),
            None => Self::Unreachable { reason: chain(error) },
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(refusal) = error.as_db_error() {
            refused(refusal)
        } else if error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>()) {
            Self::Unreachable { reason: chain(&error) }
        } else {
            Self::Misuse { reason: chain(&error) }
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::PoolBusy,
            PoolError::Backend(error) => Self::connecting(&error),
            other => Self::Unreachable { reason: chain(&other) },
        }
    }
}

fn refused(refusal: &tokio_postgres::error::DbError) -> StoreError {
    let sqlstate = refusal.code().code().to_owned();
    // The detail and the hint are left out: they quote the values of rows. So do the words of class 22 (data exception).
    let reason = if sqlstate.starts_with("22") {
        "a value is not acceptable".to_owned()
    } else {
        refusal.message().to_owned()
    };
    match (refusal.constraint(), refusal.table()) {
        (Some(constraint), table) if sqlstate.starts_with("23") => StoreError::Violation {
            constraint: constraint.to_owned(),
            table: table.unwrap_or("?").to_owned(),
            sqlstate,
            reason,
        },
        _ => StoreError::Database { sqlstate, reason },
    }
}

/// Connection faults, conflicts, exhausted resources, locks and time-outs, shutdowns, faults of the machine.
fn passes_by_itself(sqlstate: &str) -> bool {
    matches!(sqlstate, "55P03" | "25P03")
        || ["08", "40", "53", "57", "58"].contains(&sqlstate.get(..2).unwrap_or_default())
}

/// An error's text with those of all its causes: the drivers' `Display` shows the outermost alone.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
