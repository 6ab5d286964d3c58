//! Errors of the database, and how to handle each.

use std::{error::Error, fmt::Display};

use deadpool_postgres::{PoolError, TimeoutType};
use domain::FailureClass;

/// A failure of the store. Its text contains the SQLSTATE and the whole chain of causes, but never a parameter's
/// value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke. If it broke during a commit, the outcome of the commit is unknown.
    #[error("the database cannot be reached: {reason}")]
    Unreachable {
        /// The error and its causes.
        reason: String,
    },
    /// All connections of the pool stayed busy until the timeout.
    #[error("no connection of the pool became free in time")]
    PoolBusy,
    /// A constraint was violated.
    #[error("constraint {constraint} of table {table}: {reason} (SQLSTATE {sqlstate})")]
    Violation {
        /// The constraint's name in the database.
        constraint: String,
        /// The table that has the constraint.
        table: String,
        /// Five characters.
        sqlstate: String,
        /// The server's message.
        reason: String,
    },
    /// The server returned another error.
    #[error("the database refused: {reason} (SQLSTATE {sqlstate})")]
    Database {
        /// Five characters.
        sqlstate: String,
        /// The server's message.
        reason: String,
    },
    /// A required row was not found.
    #[error("there is no such row")]
    NoRow,
    /// A statement affected a wrong number of rows.
    #[error("{expected} rows were expected, {found} found")]
    RowCount {
        /// The number of rows required.
        expected: u64,
        /// The number of rows affected.
        found: u64,
    },
    /// A value does not convert between table and program.
    #[error("{table}.{column}: {reason}")]
    Row {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why the value does not convert.
        reason: String,
    },
    /// A column of a query result does not convert. Postgres names no table for it, so the query's own tables are
    /// named, and the transaction.
    #[error("column {column} of a query from {tables} in transaction {transaction}: {reason}")]
    Column {
        /// The transaction's name.
        transaction: &'static str,
        /// The tables of the query, or `no table`.
        tables: String,
        /// The column's name in the result.
        column: String,
        /// Why the value does not convert.
        reason: String,
    },
    /// A statement and its parameters do not match.
    #[error("a statement is used wrongly: {reason}")]
    Misuse {
        /// What does not match.
        reason: String,
    },
    /// A statement failed, but the transaction carried on as if it had succeeded. Nothing was committed.
    #[error("transaction {transaction} ended well although one of its statements had failed")]
    FailureIgnored {
        /// The transaction's name.
        transaction: &'static str,
    },
    /// The schema is older than this program.
    #[error(
        "the database's schema is at version {}, this program needs {needed}: run `kaseya-sync migrate` first",
        .found.map_or_else(|| "none".to_owned(), |version| version.to_string())
    )]
    SchemaTooOld {
        /// The newest migration applied; `None` for a database without any.
        found: Option<i32>,
        /// The newest migration this program knows.
        needed: i32,
    },
    /// A migration failed, or an applied migration was edited later.
    #[error("migration failed: {reason}")]
    Migration {
        /// The error and its causes.
        reason: String,
    },
    /// The settings do not describe a safe connection.
    #[error("database settings: {reason}")]
    Settings {
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// How to handle the error. `Poison` means that the values themselves are unacceptable; only `Poison` may
    /// condemn a message. Any other refusal of the database is our fault and ends some day, so the message waits.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable { .. } | Self::PoolBusy | Self::SchemaTooOld { .. } => FailureClass::Transient,
            Self::Database { sqlstate, .. } | Self::Violation { sqlstate, .. } => {
                class_of(sqlstate, self.constraint().is_some())
            }
            Self::NoRow
            | Self::RowCount { .. }
            | Self::Row { .. }
            | Self::Column { .. }
            | Self::Misuse { .. }
            | Self::FailureIgnored { .. }
            | Self::Migration { .. }
            | Self::Settings { .. } => FailureClass::Permanent,
        }
    }

    /// The violated constraint, for a violation.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Violation { constraint, .. } => Some(constraint),
            _ => None,
        }
    }

    /// Two transactions conflicted, and the server aborted this one.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database { sqlstate, .. } if matches!(sqlstate.as_str(), "40001" | "40P01"))
    }

    /// The server gave up waiting: for a lock, for a statement's end, or for an idle transaction.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::Database { sqlstate, .. } if matches!(sqlstate.as_str(), "55P03" | "57014" | "25P03"))
    }

    /// The program and the tables disagree about rows or values.
    pub(crate) fn is_unexpected(&self) -> bool {
        matches!(self, Self::NoRow | Self::RowCount { .. } | Self::Row { .. } | Self::Column { .. })
    }

    /// Whether a connection with this error must not go back to the pool. A connection opened while the database was
    /// read-only, under a role's old permissions or with another schema keeps that state.
    pub(crate) fn spoils_connection(&self) -> bool {
        match self {
            Self::Violation { .. }
            | Self::NoRow
            | Self::RowCount { .. }
            | Self::Row { .. }
            | Self::Column { .. } => false,
            Self::Database { sqlstate, .. } => {
                !matches!(sqlstate.as_str(), "55P03" | "57014")
                    && !["22", "23", "40"].contains(&sqlstate.get(..2).unwrap_or_default())
            }
            _ => true,
        }
    }

    /// For a value that does not convert between `table`.`column` and the program.
    pub(crate) fn row(table: &str, column: &str, reason: &dyn Display) -> Self {
        Self::Row { table: table.to_owned(), column: column.to_owned(), reason: reason.to_string() }
    }

    /// For a failure while opening or checking a connection. Without a message from the server it is a network
    /// error.
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
    // Detail and hint are left out, because they quote row values. So is the message of class 22 (data exception).
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

/// Classifies by SQLSTATE. The list of errors that the values can be blamed for is closed; in doubt it is our fault.
fn class_of(sqlstate: &str, names_constraint: bool) -> FailureClass {
    match sqlstate {
        // Too long, out of range, not an instant, characters that text cannot hold, not a number: the value alone is
        // at fault.
        "22001" | "22003" | "22007" | "22008" | "22021" | "22P02" | "22P05" => FailureClass::Poison,
        // A rule on the values of one row. Without a constraint name it is a missing partition.
        "23502" | "23514" if names_constraint || sqlstate == "23502" => FailureClass::Poison,
        // It names a run, job or company that does not exist. A person can send it again from the dead letters.
        "23503" => FailureClass::Poison,
        _ => match sqlstate.get(..2).unwrap_or_default() {
            // The rest of the tables decides: a restore may still bring the row, or another transaction may have
            // written it.
            "21" | "22" | "23" | "2F" | "38" | "39" | "P0" => FailureClass::Permanent,
            // Connections, permissions, passwords, missing tables and columns, read-only, conflicts, resources,
            // locks, timeouts, shutdowns, statements prepared for another schema, machine faults.
            _ => FailureClass::Transient,
        },
    }
}

/// The text of an error and all its causes. The drivers' `Display` shows only the outermost.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sqlstate: &str) -> FailureClass {
        StoreError::Database { sqlstate: sqlstate.to_owned(), reason: String::new() }.class()
    }

    fn violation(sqlstate: &str) -> FailureClass {
        let (constraint, table) = ("c".to_owned(), "t".to_owned());
        StoreError::Violation { constraint, table, sqlstate: sqlstate.to_owned(), reason: String::new() }
            .class()
    }

    #[test]
    fn case_d1_only_values_condemn_a_message() {
        for (sqlstate, what) in [
            ("22001", "too long"),
            ("22003", "out of range"),
            ("22007", "no instant"),
            ("22008", "an instant out of range"),
            ("22021", "a character that no text holds"),
            ("22P02", "no number"),
            ("22P05", "a character that the encoding lacks"),
            ("23502", "a column that must be there"),
        ] {
            assert_eq!(database(sqlstate), FailureClass::Poison, "{what}");
        }
        assert_eq!(violation("23514"), FailureClass::Poison, "a rule on one row's values");
        assert_eq!(violation("23503"), FailureClass::Poison, "something that is not there");
    }

    #[test]
    fn case_d1_a_fault_of_the_database_makes_a_message_wait() {
        for (sqlstate, what) in [
            ("08006", "connection lost"),
            ("0A000", "a cached plan over another schema"),
            ("25006", "read-only"),
            ("25P03", "idle in a transaction"),
            ("26000", "a prepared statement that is gone"),
            ("28000", "a login that is not allowed"),
            ("28P01", "a password that was changed"),
            ("3D000", "no such database"),
            ("3F000", "no such schema"),
            ("40001", "a conflict"),
            ("40P01", "a deadlock"),
            ("42501", "a right that the role lacks"),
            ("42P01", "no such table"),
            ("42703", "no such column"),
            ("42883", "no such function"),
            ("42P05", "a prepared statement that is there already"),
            ("53100", "disk full"),
            ("53200", "out of memory"),
            ("53300", "too many connections"),
            ("54000", "a limit of the program"),
            ("55000", "not in the state for it"),
            ("55P03", "a lock"),
            ("57014", "a statement that took too long"),
            ("57P01", "shut down"),
            ("57P03", "starting up"),
            ("58030", "the machine's disk"),
            ("72000", "a snapshot too old"),
            ("F0000", "the server's configuration"),
            ("HV000", "a foreign table"),
            ("XX000", "a fault inside"),
            ("XX002", "a broken index"),
            ("99999", "whatever comes"),
            ("", "nothing"),
        ] {
            assert_eq!(database(sqlstate), FailureClass::Transient, "{what}");
        }
        // In doubt it waits: the other rows decide, not the values.
        for sqlstate in ["23505", "23P01", "22012", "22P03", "P0001", "21000"] {
            assert_eq!(violation(sqlstate), FailureClass::Permanent, "{sqlstate}");
            assert_eq!(database(sqlstate), FailureClass::Permanent, "{sqlstate}");
        }
        assert_eq!(database("23514"), FailureClass::Permanent, "a partition that is not there");
        assert_eq!(StoreError::PoolBusy.class(), FailureClass::Transient);
        assert_eq!(StoreError::NoRow.class(), FailureClass::Permanent);
    }
}
