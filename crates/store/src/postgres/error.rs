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
    /// What to do. `Poison` says that the values themselves are unacceptable: only that may condemn a message. Whatever
    /// else the database refuses is a fault of ours, which ends some day, and the message waits for that.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable { .. } | Self::PoolBusy | Self::SchemaTooOld { .. } => FailureClass::Transient,
            Self::Database { sqlstate, .. } | Self::Violation { sqlstate, .. } => {
                class_of(sqlstate, self.constraint().is_some())
            }
            Self::NoRow
            | Self::RowCount { .. }
            | Self::Row { .. }
            | Self::Misuse { .. }
            | Self::FailureIgnored { .. }
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

    /// Whether a connection that was told this may go back to the pool. One that was made while the database was
    /// read-only, under a role's old rights or over another schema keeps to what it knew.
    pub(crate) fn spoils_connection(&self) -> bool {
        match self {
            Self::Violation { .. } | Self::NoRow | Self::RowCount { .. } | Self::Row { .. } => false,
            Self::Database { sqlstate, .. } => {
                !matches!(sqlstate.as_str(), "55P03" | "57014")
                    && !["22", "23", "40"].contains(&sqlstate.get(..2).unwrap_or_default())
            }
            _ => true,
        }
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

/// Sorts by SQLSTATE. The list of what the values can be blamed for is closed; in doubt it is a fault of ours.
fn class_of(sqlstate: &str, names_constraint: bool) -> FailureClass {
    match sqlstate {
        // Too long, out of range, no instant, characters that no text holds, no number: said by the value itself.
        "22001" | "22003" | "22007" | "22008" | "22021" | "22P02" | "22P05" => FailureClass::Poison,
        // A rule on the values of one row; without a constraint's name it is a partition that is not there.
        "23502" | "23514" if names_constraint || sqlstate == "23502" => FailureClass::Poison,
        // It names a run, job or company that is not there. Sent again from the dead letters it is tried once more.
        "23503" => FailureClass::Poison,
        _ => match sqlstate.get(..2).unwrap_or_default() {
            // What else stands in the tables decides: a restore may still bring it, another transaction may have.
            "21" | "22" | "23" | "2F" | "38" | "39" | "P0" => FailureClass::Permanent,
            // Connections, rights, passwords, missing tables and columns, read-only, conflicts, resources, locks,
            // time-outs, shutdowns, statements that were prepared over another schema, faults of the machine.
            _ => FailureClass::Transient,
        },
    }
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
        // In doubt it waits: what stands beside the values decides.
        for sqlstate in ["23505", "23P01", "22012", "22P03", "P0001", "21000"] {
            assert_eq!(violation(sqlstate), FailureClass::Permanent, "{sqlstate}");
            assert_eq!(database(sqlstate), FailureClass::Permanent, "{sqlstate}");
        }
        assert_eq!(database("23514"), FailureClass::Permanent, "a partition that is not there");
        assert_eq!(StoreError::PoolBusy.class(), FailureClass::Transient);
        assert_eq!(StoreError::NoRow.class(), FailureClass::Permanent);
    }
}
