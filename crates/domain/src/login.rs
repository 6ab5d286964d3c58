//! Login accounting: no user is locked out by our tries (B-03, S-14).
//!
//! Kaseya counts failed logins per user and locks at five. So what it refused is never tried again, and no more than
//! three refusals reach it in 30 minutes, whoever of ours tries and with however many passwords. A try without a known
//! outcome may have been a refusal: one more is allowed, and then one each 30 minutes. Where Kaseya says that the user is
//! locked, the same credentials are tried once more, after 35 minutes (AUTH-03).
//!
//! Credentials that Kaseya accepted, and has not refused since, do not wait for a person's mistyped ones: a success resets
//! Kaseya's count. They have one try more than all others, and so never are the fifth refusal.
//!
//! What a partner tries as a user that never let it in counts against that partner: others that Kaseya has let in as this
//! user do not wait for it. Whoever it has not let in shares one limit with everybody: four, or one where somebody is let in,
//! whose own three and that one are short of the fifth.

use std::time::Duration;

use jiff::Timestamp;

use crate::{ErrorCode, breaker::later, run::names};

/// How long tries count.
pub const LOGIN_WAIT: Duration = Duration::from_secs(30 * 60);

/// Kaseya locks a user for 30 minutes; after this wait a lock is over.
pub const LOCK_WAIT: Duration = Duration::from_secs(35 * 60);

/// Refusals, and tries that may have been one, in [`LOGIN_WAIT`].
const MOST_REFUSALS: usize = 3;

/// The same where proven credentials are to be tried: Kaseya locks at the fifth.
const MOST_REFUSALS_BEFORE_PROVEN: usize = 4;

/// The same for all together whom Kaseya has not let in as this user: it locks at the fifth.
const MOST_REFUSALS_OF_ALL: usize = 4;

/// The same where Kaseya has let another in: with that one's own three, its user stays short of the fifth.
const MOST_REFUSALS_BESIDE_LET_IN: usize = 1;

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
    /// Whether it was made with the very credentials that are to be tried.
    pub same: bool,
}

/// What another refusal would come to, as a person is told before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Another one after it may follow at once.
    Free,
    /// It is the last: refused or unanswered, logins with new values wait until then.
    Last(Timestamp),
    /// None is tried before this instant.
    NotBefore(Timestamp),
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
    /// The tries of the last day that count for whoever is to try, with whatever password, in the order in which they were
    /// begun.
    pub tries: Vec<LoginTry>,
    /// All other tries of the last day.
    pub of_strangers: Vec<LoginTry>,
    /// Whether Kaseya has let others in as this user, and not whoever is to try.
    pub others_are_let_in: bool,
    /// Whether Kaseya has refused the very credentials that are to be tried.
    pub refused: Option<RefusedLogin>,
    /// Whether Kaseya has accepted them, and has not refused them since.
    pub proven: bool,
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
        let waited_out = if self.proven { self.proven_waited_out() } else { self.waited_out() };
        match waited_out.filter(|instant| now < *instant) {
            Some(instant) => LoginPermission::NotBefore(instant),
            None => LoginPermission::Yes,
        }
    }

    /// What one more refusal of new values at `now` would come to.
    pub fn next_try(&self, now: Timestamp) -> NextTry {
        let ahead = |instant: &Timestamp| now < *instant;
        if let Some(instant) = self.waited_out().filter(ahead) {
            return NextTry::NotBefore(instant);
        }
        let mut with_it = self.clone();
        with_it.tries.push(LoginTry { at: now, outcome: Some(LoginOutcome::Refused), same: false });
        with_it.waited_out().filter(ahead).map_or(NextTry::Free, NextTry::Last)
    }

    /// When the tries so far allow another one of proven credentials.
    fn proven_waited_out(&self) -> Option<Timestamp> {
        let accepted = self.tries.iter().rposition(|one| one.outcome == Some(LoginOutcome::Accepted));
        let (before, since) = self.tries.split_at(accepted.map_or(0, |place| place + 1));
        let refused = |one: &&LoginTry| one.outcome == Some(LoginOutcome::Refused) || one.is_open();
        let under_way = before.iter().filter(|one| one.outcome.is_none());
        // A success resets Kaseya's count of everybody's.
        let success = accepted.map(|place| self.tries[place].at);
        let strangers = self.of_strangers.iter().filter(|one| success.is_none_or(|at| one.at > at));
        let counted = under_way.chain(since.iter().filter(refused)).chain(strangers.filter(refused));
        let mut counted: Vec<Timestamp> = counted.map(|one| one.at).collect();
        counted.sort_unstable();
        let room = counted.len().checked_sub(MOST_REFUSALS_BEFORE_PROVEN).map(|place| counted[place]);
        let own = || since.iter().filter(|one| one.same && one.is_open());
        let newest = if own().count() < MOST_UNANSWERED { None } else { own().map(|one| one.at).max() };
        room.max(newest).map(|at| later(at, LOGIN_WAIT))
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
        let own = counted.len().checked_sub(MOST_REFUSALS).map(|place| counted[place]);
        let strangers = self.of_strangers.iter().filter(|one| refused(one) || one.is_open());
        counted.extend(strangers.map(|one| one.at));
        counted.sort_unstable();
        let most = if self.others_are_let_in { MOST_REFUSALS_BESIDE_LET_IN } else { MOST_REFUSALS_OF_ALL };
        let all = counted.len().checked_sub(most).map(|place| counted[place]);
        let room = own.max(all);
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
