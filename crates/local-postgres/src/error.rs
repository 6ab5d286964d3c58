//! Errors, each with what to do about it.

use std::{io, path::PathBuf};

/// Why Postgres does not run.
#[derive(Debug, thiserror::Error)]
pub enum LocalPostgresError {
    /// The programs are not installed.
    #[error(
        "the Postgres programs initdb and postgres{} were found neither under /usr/lib/postgresql nor in PATH; \
         install them (Debian and Ubuntu: apt-get install postgresql{}; Fedora: dnf install postgresql-server; \
         macOS: brew install postgresql)",
        .version.as_ref().map(|v| format!(" of version {v}, which made the data directory,")).unwrap_or_default(),
        .version.as_ref().map(|v| format!("-{v}")).unwrap_or_default()
    )]
    NotInstalled {
        /// The required version, if a data directory requires one.
        version: Option<String>,
    },
    /// We are root, and no other user exists to run Postgres as.
    #[error(
        "Postgres refuses to run as root, and neither user postgres nor nobody exists; create one of them"
    )]
    NoUnprivilegedUser,
    /// Another process uses the directory.
    #[error("{} is in use by another process; stop it, or choose another directory", .directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The unprivileged user cannot enter the directory.
    #[error(
        "user id {uid}, as whom Postgres runs, cannot write in {}; choose a directory whose parents it may enter, \
         for example under /var/lib",
        .directory.display()
    )]
    NotReachable {
        /// The directory.
        directory: PathBuf,
        /// The user's numeric id.
        uid: u32,
    },
    /// The path of a Unix socket can have little more than a hundred characters.
    #[error("{} is too long for a socket's path; choose a shorter directory", .directory.display())]
    PathTooLong {
        /// The directory.
        directory: PathBuf,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    ProgramFailed {
        /// The program.
        program: &'static str,
        /// The end of its output.
        output: String,
    },
    /// Postgres did not start, or did not stop, in time.
    #[error("Postgres was not {what} in time; its log is {}", .log.display())]
    TooSlow {
        /// What was waited for.
        what: &'static str,
        /// The path of its log.
        log: PathBuf,
    },
    /// The operating system refused an action.
    #[error("cannot {action}: {source}")]
    System {
        /// The action.
        action: String,
        /// The reason.
        source: io::Error,
    },
}

impl LocalPostgresError {
    /// For `map_err`: names the action.
    pub(crate) fn system(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action: action.into(), source }
    }
}
