//! Where and as whom a session calls, and how much it may.

use std::time::Duration;

use domain::PartnerId;
use secrecy::SecretString;

use crate::Bases;

/// Where and as whom to call Kaseya.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose integration it is; partners never share a token.
    pub partner: PartnerId,
    /// Kaseya's two interfaces.
    pub bases: Bases,
    /// The company name in Kaseya, sent unchanged.
    pub tenant: String,
    /// The user name.
    pub user_name: String,
    /// The password.
    pub password: SecretString,
    /// The version of the credentials: what was refused for one version is not tried again with it.
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

/// What a session keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many calls.
    pub allowance: Allowance,
    /// Whether it may log in by itself; without that it goes by the tokens at hand, and says where none is.
    pub may_log_in: bool,
    /// How long a login may take. One without an answer may have been refused, and there is no second try for half an hour:
    /// it gets longer than a read, which is simply tried again.
    pub login_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// How long a write may take.
    pub write_timeout: Duration,
}

impl Limits {
    /// The usual time-outs: 45 seconds for a login, 30 for a read, 15 for a write.
    pub fn of(allowance: Allowance) -> Self {
        let [login_timeout, read_timeout, write_timeout] = [45, 30, 15].map(Duration::from_secs);
        Self { allowance, may_log_in: true, login_timeout, read_timeout, write_timeout }
    }
}
