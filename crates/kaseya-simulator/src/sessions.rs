//! Logins and the tokens they issue.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{Login, LoginBehaviour, State};

/// How many simulators this process has started: their clocks may show the same time.
static RUNS: AtomicU64 = AtomicU64::new(0);
/// Ninety days minus a second, as in the test of a working client.
pub(crate) const V1_SECONDS: i64 = 7_775_999;

/// The number of login attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Logins {
    /// V2 logins that were accepted.
    pub v2_accepted: u64,
    /// V2 logins that were refused because of user, password or tenant.
    pub v2_refused: u64,
    /// V1 logins that were accepted.
    pub v1_accepted: u64,
    /// V1 logins that were refused because of user, password or tenant.
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

/// The current logins.
#[derive(Debug)]
pub(crate) struct Sessions {
    run: String,
    issued: u64,
    v2: HashMap<String, Tokens>,
    v1: HashMap<String, (String, Timestamp)>,
    pub logins: Logins,
    /// How often the user was locked.
    pub locked_out: u64,
    /// Consecutive failures, of V2 and V1 together.
    failures: u32,
    locked_until: Option<Timestamp>,
}

/// Why a login is refused; reported only if Kaseya names the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginFault {
    Credentials,
    Company,
    Locked,
    PasswordExpired,
    SecondFactor,
    NoApiAccess,
}

impl LoginFault {
    pub fn words(self) -> &'static str {
        match self {
            Self::Credentials => "Invalid user name or password",
            Self::Company => "Invalid company name",
            Self::Locked => "The user is locked",
            Self::PasswordExpired => "The password has expired",
            Self::SecondFactor => "Multi-factor authentication code is required",
            Self::NoApiAccess => "The user's role does not have API access",
        }
    }
}

impl Sessions {
    pub fn new(started: Timestamp) -> Self {
        let run = format!("{}-{}", started.as_nanosecond(), RUNS.fetch_add(1, Ordering::Relaxed));
        let (v2, v1, logins) = Default::default();
        Self { run, issued: 0, v2, v1, logins, locked_out: 0, failures: 0, locked_until: None }
    }

    /// Checks a login. Only the tenant's own user can be locked, and only by a wrong password or company.
    fn judge(&mut self, state: &State, given: &Login, now: Timestamp) -> Result<(), LoginFault> {
        let (right, rules) = (&state.login, &state.behaviour.login);
        let own_user = given.user == right.user;
        if own_user && (rules.locked || self.locked_until.is_some_and(|until| now < until)) {
            return Err(LoginFault::Locked);
        }
        if given != right {
            if own_user {
                self.failures += 1;
                if self.failures == rules.locks_after {
                    self.locked_until = Some(now + SignedDuration::from_mins(rules.locked_minutes));
                    self.locked_out += 1;
                    self.failures = 0;
                }
            }
            let company = given.tenant == right.tenant;
            return Err(if company { LoginFault::Credentials } else { LoginFault::Company });
        }
        self.failures = 0;
        if rules.password_expired {
            return Err(LoginFault::PasswordExpired);
        }
        if state.behaviour.role.without_api_access {
            return Err(LoginFault::NoApiAccess);
        }
        Ok(())
    }

    /// Logs in to V2 if everything is right.
    pub fn log_in_v2(
        &mut self,
        state: &State,
        given: &Login,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<Tokens, LoginFault> {
        let rules = &state.behaviour.login;
        let judged = self.judge(state, given, now).and_then(|()| match rules.second_factor.as_deref() {
            Some(right) if code != Some(right) => Err(LoginFault::SecondFactor),
            _ => Ok(()),
        });
        if let Err(fault) = judged {
            self.logins.v2_refused += 1;
            return Err(fault);
        }
        self.logins.v2_accepted += 1;
        Ok(self.issue_v2(given.user.clone(), rules, now))
    }

    /// Logs in to V1 in the same way; V1 has no field for a second factor.
    pub fn log_in_v1(&mut self, state: &State, given: &Login, now: Timestamp) -> Result<String, LoginFault> {
        let rules = &state.behaviour.login;
        let on_v1 = match rules.second_factor {
            Some(_) => Err(LoginFault::SecondFactor),
            None if rules.v1_refuses => Err(LoginFault::Credentials),
            None => Ok(()),
        };
        let judged = self.judge(state, given, now).and(on_v1);
        if let Err(fault) = judged {
            self.logins.v1_refused += 1;
            return Err(fault);
        }
        self.logins.v1_accepted += 1;
        let token = self.fresh("v1");
        let until = now + SignedDuration::from_secs(V1_SECONDS);
        self.v1.insert(token.clone(), (given.user.clone(), until));
        Ok(token)
    }

    /// Revokes all tokens at once.
    pub fn revoke(&mut self) {
        self.v2.clear();
        self.v1.clear();
    }

    /// Replaces both tokens of a pair. The access token may have expired, the refresh token must not.
    pub fn refresh(
        &mut self,
        access: &str,
        refresh: &str,
        rules: &LoginBehaviour,
        now: Timestamp,
    ) -> Option<Tokens> {
        let old = self.v2.get(access)?;
        if old.refresh != refresh || now >= old.refresh_until {
            return None;
        }
        let user = self.v2.remove(access)?.user;
        Some(self.issue_v2(user, rules, now))
    }

    pub fn v2_user(&self, token: &str, now: Timestamp) -> Option<&str> {
        self.v2.get(token).filter(|tokens| now < tokens.access_until).map(|tokens| tokens.user.as_str())
    }

    pub fn v1_user(&self, token: &str, now: Timestamp) -> Option<&str> {
        self.v1.get(token).filter(|(_, until)| now < *until).map(|(user, _)| user.as_str())
    }

    fn issue_v2(&mut self, user: String, rules: &LoginBehaviour, now: Timestamp) -> Tokens {
        let tokens = Tokens {
            access: self.fresh("access"),
            refresh: self.fresh("refresh"),
            access_until: now + rules.access(),
            refresh_until: now + rules.refresh(),
            user,
        };
        self.v2.insert(tokens.access.clone(), tokens.clone());
        tokens
    }

    /// The token contains the run, so that it never matches another simulator's token by chance.
    fn fresh(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("simulated.{kind}-{}.{}", self.run, self.issued)
    }
}
