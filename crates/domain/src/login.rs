//! Login accounting: no user is locked out by our tries (B-03, S-14).
//!
//! A refusal stops the credentials' version for good. A try without a known outcome may have been a refusal: one more
//! is allowed, and then one each 30 minutes, so that never more than two unanswered tries fall into half an hour
//! (Kaseya locks a user at five failures). What is accepted clears the account.

use std::time::Duration;

use jiff::Timestamp;

use crate::{breaker::later, run::names};

/// How long a second try without a known outcome is waited out.
pub const LOGIN_WAIT: Duration = Duration::from_secs(30 * 60);

names! {
    /// What became of a login.
    LoginOutcome {
        /// None was needed, or none was tried.
        NotTried = "not_tried",
        /// Accepted.
        Accepted = "accepted",
        /// Refused.
        Refused = "refused",
        /// Tried, and no answer came.
        Unknown = "unknown",
    }
}

/// Whether a job that logs in may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginPermission {
    /// It may.
    Yes,
    /// Not before this instant: the last tries had no answer.
    NotBefore(Timestamp),
    /// Refused: not until the credentials' version changes.
    Stopped,
}

/// The login account of one user at one tenant, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginAccount {
    /// The credentials' version that this is about.
    pub version: u32,
    /// Whether that version was refused.
    pub refused: bool,
    /// Tries since the last acceptance whose outcome is pending or unknown.
    pub open_tries: u32,
    /// When the last try was begun.
    pub last_try: Option<Timestamp>,
}

impl LoginAccount {
    /// Nothing tried yet with this version.
    pub fn new(version: u32) -> Self {
        Self { version, refused: false, open_tries: 0, last_try: None }
    }

    /// This account, or a new one when the credentials have changed. Open tries go over: they count for the user.
    #[must_use]
    pub fn at_version(self, version: u32) -> Self {
        if version == self.version { self } else { Self { version, refused: false, ..self } }
    }

    /// Whether a job may start.
    pub fn permission(&self, now: Timestamp) -> LoginPermission {
        if self.refused {
            return LoginPermission::Stopped;
        }
        match self.last_try.map(|begun| later(begun, LOGIN_WAIT)) {
            Some(waited_out) if self.open_tries >= 2 && now < waited_out => {
                LoginPermission::NotBefore(waited_out)
            }
            _ => LoginPermission::Yes,
        }
    }

    /// A job starts: a login is pending.
    #[must_use]
    pub fn begun(self, now: Timestamp) -> Self {
        Self { open_tries: self.open_tries.saturating_add(1), last_try: Some(now), ..self }
    }

    /// Word of a login with `version`. Word of another version tells nothing about this one.
    #[must_use]
    pub fn ended(self, version: u32, outcome: LoginOutcome) -> Self {
        if version != self.version {
            return self;
        }
        match outcome {
            LoginOutcome::Accepted => Self { refused: false, ..Self::new(version) },
            LoginOutcome::Refused => Self { refused: true, open_tries: 0, ..self },
            LoginOutcome::NotTried => Self { open_tries: self.open_tries.saturating_sub(1), ..self },
            LoginOutcome::Unknown => self,
        }
    }
}
