//! Login accounting: no user is locked out by our tries (B-03, S-14).
//!
//! Kaseya counts failed logins per user and locks at five. So what it refused is never tried again, and no more than
//! three refusals reach it in 30 minutes, whoever of ours tries and with however many passwords. A try without a known
//! outcome may have been a refusal: one more is allowed, and then one each 30 minutes. Where Kaseya says that the user is
//! locked, the same credentials are tried once more, after 35 minutes (AUTH-03).

use std::time::Duration;

use jiff::Timestamp;

use crate::{ErrorCode, breaker::later, run::names};

/// How long tries count.
pub const LOGIN_WAIT: Duration = Duration::from_secs(30 * 60);

/// Kaseya locks a user for 30 minutes; after this wait a lock is over.
pub const LOCK_WAIT: Duration = Duration::from_secs(35 * 60);

/// Refusals, and tries that may have been one, in [`LOGIN_WAIT`].
const MOST_REFUSALS: usize = 3;

/// Tries in a row without a known outcome.
const MOST_UNANSWERED: usize = 2;

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

/// Whether a login may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginPermission {
    /// It may.
    Yes,
    /// Not before this instant: too many of the last tries were refused or had no answer, or the user is locked.
    NotBefore(Timestamp),
    /// These credentials were refused, with this code: not until they are others, or a person says that they are right now.
    Stopped(ErrorCode),
}

/// A login that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginTry {
    /// When it was begun or, once it was heard of, when that was.
    pub at: Timestamp,
    /// What became of it; `None` while nothing is known.
    pub outcome: Option<LoginOutcome>,
}

/// A refusal of the credentials in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLogin {
    /// How Kaseya refused.
    pub code: ErrorCode,
    /// When.
    pub at: Timestamp,
    /// Whether they were tried again since.
    pub tried_again: bool,
}

/// The logins of one user at one tenant, as seen before credentials are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoginAccount {
    /// The tries of the last day with whatever password, in the order in which they were begun.
    pub tries: Vec<LoginTry>,
    /// Whether Kaseya has refused the very credentials that are to be tried.
    pub refused: Option<RefusedLogin>,
}

impl LoginAccount {
    /// Whether the credentials may be tried.
    pub fn permission(&self, now: Timestamp) -> LoginPermission {
        if let Some(refused) = &self.refused {
            if refused.code != ErrorCode::Auth03 || refused.tried_again {
                return LoginPermission::Stopped(refused.code);
            }
            let unlocked = later(refused.at, LOCK_WAIT);
            if now < unlocked {
                return LoginPermission::NotBefore(unlocked);
            }
        }
        match self.waited_out().filter(|instant| now < *instant) {
            Some(instant) => LoginPermission::NotBefore(instant),
            None => LoginPermission::Yes,
        }
    }

    /// When the tries so far allow another one.
    fn waited_out(&self) -> Option<Timestamp> {
        let accepted = self.tries.iter().rposition(|one| one.outcome == Some(LoginOutcome::Accepted));
        let (before, since) = self.tries.split_at(accepted.map_or(0, |place| place + 1));
        let unanswered = || since.iter().filter(|one| one.is_open());
        // An acceptance says that the unanswered ones before it were none, but not of one that is still under way.
        let refused = |one: &&LoginTry| one.outcome == Some(LoginOutcome::Refused);
        let counted = before.iter().filter(|one| one.outcome.is_none());
        let counted = counted.chain(self.tries.iter().filter(refused)).chain(unanswered());
        let mut counted: Vec<Timestamp> = counted.map(|one| one.at).collect();
        counted.sort_unstable();
        let room = counted.len().checked_sub(MOST_REFUSALS).map(|place| counted[place]);
        let newest =
            if unanswered().count() < MOST_UNANSWERED { None } else { unanswered().map(|one| one.at).max() };
        room.max(newest).map(|at| later(at, LOGIN_WAIT))
    }
}

impl LoginTry {
    /// Whether it may have been refused.
    fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(LoginOutcome::Unknown))
    }
}
