//! Login accounting: our tries lock out no user (B-03, S-14).
//!
//! Kaseya counts failed logins per user and locks at five. We therefore never retry refused credentials, and at most
//! three refusals reach Kaseya in 30 minutes, whichever partner or program of ours tries and with however many passwords. A try
//! without a known outcome may have been a refusal: one more is allowed, then one every 30 minutes. If Kaseya reports
//! the user as locked, the same credentials are tried once more, after 35 minutes (AUTH-03).
//!
//! Credentials that Kaseya accepted and has not refused since do not wait for a person's mistyped ones: a success
//! resets Kaseya's count. They have one more try than all others, and so are never the fifth refusal.
//!
//! The tries of a partner as a user that never let it in count against that partner: partners that Kaseya has let in
//! as this user do not wait for them. All partners that Kaseya has not let in share one limit: four, or one if
//! another partner is let in, because that partner's own three and that one stay below the fifth.

use std::time::Duration;

use jiff::Timestamp;

use crate::{ErrorCode, breaker::later, run::names};

/// How long tries count.
pub const LOGIN_WAIT: Duration = Duration::from_secs(30 * 60);

/// Kaseya locks a user for 30 minutes; after this wait the lock is over.
pub const LOCK_WAIT: Duration = Duration::from_secs(35 * 60);

/// The maximum of refusals, and of tries that may have been refusals, within [`LOGIN_WAIT`].
const MOST_REFUSALS: usize = 3;

/// The maximum before proven credentials are tried: Kaseya locks at the fifth.
const MOST_REFUSALS_BEFORE_PROVEN: usize = 4;

/// The maximum for all partners together that Kaseya has not let in as this user: it locks at the fifth.
const MOST_REFUSALS_OF_ALL: usize = 4;

/// The maximum if Kaseya has let another partner in: with that partner's own three, its user stays below the fifth.
const MOST_REFUSALS_BESIDE_LET_IN: usize = 1;

/// The maximum of consecutive tries without a known outcome.
const MOST_UNANSWERED: usize = 2;

names! {
    /// The outcome of a login.
    LoginOutcome {
        /// No login was needed, or none was tried.
        NotTried = "not_tried",
        /// Accepted.
        Accepted = "accepted",
        /// Refused.
        Refused = "refused",
        /// Tried without a response.
        Unknown = "unknown",
    }
}

/// Whether a login may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginPermission {
    /// A login may be tried.
    Yes,
    /// Not before this instant: too many of the last tries were refused or had no response, or the user is locked.
    NotBefore(Timestamp),
    /// These credentials were refused with this code: no try until they change or a person declares them right.
    Stopped(ErrorCode),
}

/// A login attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginTry {
    /// When it began or, once its outcome was reported, when that was.
    pub at: Timestamp,
    /// Its outcome; `None` while unknown.
    pub outcome: Option<LoginOutcome>,
    /// Whether it used exactly the credentials that are to be tried.
    pub same: bool,
}

/// What another refusal would lead to, as people see it before the try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Another try may follow at once.
    Free,
    /// It is the last try: if it is refused or has no response, logins with new values wait until this instant.
    Last(Timestamp),
    /// No try is made before this instant.
    NotBefore(Timestamp),
}

/// A refusal of the credentials in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLogin {
    /// The code of the refusal.
    pub code: ErrorCode,
    /// When Kaseya refused.
    pub at: Timestamp,
    /// Whether they were tried again since.
    pub tried_again: bool,
}

/// The logins of one user at one tenant, as seen before credentials are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoginAccount {
    /// The last day's tries that count for the partner about to try, with any password, in the order in which they
    /// began.
    pub tries: Vec<LoginTry>,
    /// All other tries of the last day.
    pub of_strangers: Vec<LoginTry>,
    /// Whether Kaseya has let other partners in as this user, and not the partner about to try.
    pub others_are_let_in: bool,
    /// The refusal, if Kaseya has refused exactly the credentials that are to be tried.
    pub refused: Option<RefusedLogin>,
    /// Whether Kaseya has accepted them and has not refused them since.
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

    /// What one more refusal of new values at `now` would lead to.
    pub fn next_try(&self, now: Timestamp) -> NextTry {
        let ahead = |instant: &Timestamp| now < *instant;
        if let Some(instant) = self.waited_out().filter(ahead) {
            return NextTry::NotBefore(instant);
        }
        let mut with_it = self.clone();
        with_it.tries.push(LoginTry { at: now, outcome: Some(LoginOutcome::Refused), same: false });
        with_it.waited_out().filter(ahead).map_or(NextTry::Free, NextTry::Last)
    }

    /// When the tries so far allow another one with proven credentials.
    fn proven_waited_out(&self) -> Option<Timestamp> {
        let accepted = self.tries.iter().rposition(|one| one.outcome == Some(LoginOutcome::Accepted));
        let (before, since) = self.tries.split_at(accepted.map_or(0, |place| place + 1));
        let refused = |one: &&LoginTry| one.outcome == Some(LoginOutcome::Refused) || one.is_open();
        let under_way = before.iter().filter(|one| one.outcome.is_none());
        // A success resets Kaseya's count, for all partners.
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
        // An acceptance proves that earlier unanswered tries were not refusals, but proves nothing about one still
        // under way.
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
    /// Whether the try may have been refused.
    fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(LoginOutcome::Unknown))
    }
}
