//! Where and as which user a session calls, and how many calls it may make.

use std::time::Duration;

use domain::PartnerId;
use secrecy::SecretString;

use crate::Bases;

/// Where and as which user to call Kaseya.
#[derive(Debug, Clone)]
pub struct Access {
    /// The partner of the integration; partners never share a token.
    pub partner: PartnerId,
    /// Base addresses of Kaseya's two APIs.
    pub bases: Bases,
    /// The company name in Kaseya, sent unchanged.
    pub tenant: String,
    /// The user name.
    pub user_name: String,
    /// The password.
    pub password: SecretString,
    /// The version of the credentials: credentials refused under one version are not tried again with it.
    pub credentials_version: u32,
}

/// How many calls a session may make, logins included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// V2 calls.
    pub v2: u32,
    /// V1 calls.
    pub v1: u32,
}

/// The limits of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most calls.
    pub allowance: Allowance,
    /// Whether the session may log in itself. If not, it uses the tokens at hand, and reports when there are none.
    pub may_log_in: bool,
    /// Timeout of a login. A login without an answer may have been refused, and there is no second try for half an
    /// hour. So it gets longer than a read, which is simply retried.
    pub login_timeout: Duration,
    /// Timeout of a read.
    pub read_timeout: Duration,
    /// Timeout of a write.
    pub write_timeout: Duration,
}

impl Limits {
    /// The usual timeouts: 45 seconds for a login, 30 for a read, 15 for a write.
    pub fn of(allowance: Allowance) -> Self {
        let [login_timeout, read_timeout, write_timeout] = [45, 30, 15].map(Duration::from_secs);
        Self { allowance, may_log_in: true, login_timeout, read_timeout, write_timeout }
    }
}
