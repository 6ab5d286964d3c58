//! Logins and the tokens they give.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};

use crate::Login;

const ACCESS: SignedDuration = SignedDuration::from_mins(30);
const REFRESH: SignedDuration = SignedDuration::from_hours(24);
/// How many simulators this process has started: their clocks may stand at one instant.
static RUNS: AtomicU64 = AtomicU64::new(0);
/// Ninety days less a second, as a working client's test has it.
pub(crate) const V1_SECONDS: i64 = 7_775_999;

/// How often somebody tried to log in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logins {
    /// V2 logins that were accepted.
    pub v2_accepted: u64,
    /// V2 logins that were refused for user, password or tenant.
    pub v2_refused: u64,
    /// V1 logins that were accepted.
    pub v1_accepted: u64,
    /// V1 logins that were refused for user, password or tenant.
    pub v1_refused: u64,
}

/// A pair of V2 tokens.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub access: String,
    pub refresh: String,
    pub access_until: Timestamp,
    pub refresh_until: Timestamp,
    user: String,
}

/// Who is logged in.
#[derive(Debug)]
pub(crate) struct Sessions {
    run: String,
    issued: u64,
    v2: HashMap<String, Tokens>,
    v1: HashMap<String, (String, Timestamp)>,
    pub logins: Logins,
}

impl Sessions {
    pub fn new(started: Timestamp) -> Self {
        let run = format!("{}-{}", started.as_nanosecond(), RUNS.fetch_add(1, Ordering::Relaxed));
        Self { run, issued: 0, v2: HashMap::new(), v1: HashMap::new(), logins: Logins::default() }
    }

    /// Logs in to V2 if everything is right, and tells nothing more if not.
    pub fn log_in_v2(&mut self, right: &Login, given: &Login, now: Timestamp) -> Option<Tokens> {
        if given != right {
            self.logins.v2_refused += 1;
            return None;
        }
        self.logins.v2_accepted += 1;
        Some(self.issue_v2(given.user.clone(), now))
    }

    /// Logs in to V1 likewise.
    pub fn log_in_v1(&mut self, right: &Login, given: &Login, now: Timestamp) -> Option<String> {
        if given != right {
            self.logins.v1_refused += 1;
            return None;
        }
        self.logins.v1_accepted += 1;
        let token = self.fresh("v1");
        let until = now + SignedDuration::from_secs(V1_SECONDS);
        self.v1.insert(token.clone(), (given.user.clone(), until));
        Some(token)
    }

    /// Replaces both tokens of a pair; the access token may have ended, the refresh token not.
    pub fn refresh(&mut self, access: &str, refresh: &str, now: Timestamp) -> Option<Tokens> {
        let old = self.v2.get(access)?;
        if old.refresh != refresh || now >= old.refresh_until {
            return None;
        }
        let user = self.v2.remove(access)?.user;
        Some(self.issue_v2(user, now))
    }

    pub fn v2_user(&self, token: &str, now: Timestamp) -> Option<&str> {
        self.v2.get(token).filter(|tokens| now < tokens.access_until).map(|tokens| tokens.user.as_str())
    }

    pub fn v1_user(&self, token: &str, now: Timestamp) -> Option<&str> {
        self.v1.get(token).filter(|(_, until)| now < *until).map(|(user, _)| user.as_str())
    }

    fn issue_v2(&mut self, user: String, now: Timestamp) -> Tokens {
        let tokens = Tokens {
            access: self.fresh("access"),
            refresh: self.fresh("refresh"),
            access_until: now + ACCESS,
            refresh_until: now + REFRESH,
            user,
        };
        self.v2.insert(tokens.access.clone(), tokens.clone());
        tokens
    }

    /// The run is part of it, so that a token of another simulator is never right by chance.
    fn fresh(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("simulated.{kind}-{}.{}", self.run, self.issued)
    }
}
