//! What can go wrong, with what to do about it.

use std::{io, path::PathBuf};

/// Why no Postgres runs.
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
        /// The version asked for, when a data directory asks for one.
        version: Option<String>,
    },
    /// We are root, and there is no other user to run Postgres as.
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
    /// The unprivileged user cannot get into the directory.
    #[error(
        "user id {uid}, as whom Postgres runs, cannot write in {}; choose a directory whose parents it may enter, \
         for example under /var/lib",
        .directory.display()
    )]
    NotReachable {
        /// The directory.
        directory: PathBuf,
        /// The user's number.
        uid: u32,
    },
    /// A Unix socket's path has room for little more than a hundred characters.
    #[error("{} is too long for a socket's path; choose a shorter directory", .directory.display())]
    PathTooLong {
        /// The directory.
        directory: PathBuf,
    },
    /// A program ended with a fault.
    #[error("{program} failed: {output}")]
    ProgramFailed {
        /// Which one.
        program: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// It did not get ready, or did not stop, in time.
    #[error("Postgres was not {what} in time; its log is {}", .log.display())]
    TooSlow {
        /// What was waited for.
        what: &'static str,
        /// Where it writes its log.
        log: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: String,
        /// Why not.
        source: io::Error,
    },
}

impl LocalPostgresError {
    /// For `map_err`: names what was tried.
    pub(crate) fn system(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action: action.into(), source }
    }
}
