//! Logins, and the rights that the user's role lacks.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How logins are checked and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginBehaviour {
    /// V2's response to a refused login.
    pub refusal: LoginRefusal,
    /// Every login to V1 or V2 is answered with this status and a problem document, whatever it contains.
    pub not_understood: Option<u16>,
    /// Kaseya names the cause: user or password, company, lock, expiry, second factor or role. Otherwise the
    /// response is always the same.
    pub says_which: bool,
    /// Consecutive failures that lock the user; 0 never locks.
    pub locks_after: u32,
    /// How long a locked user is refused, in minutes.
    pub locked_minutes: i64,
    /// A person has locked the user.
    pub locked: bool,
    /// The password has expired.
    pub password_expired: bool,
    /// The second factor that V2 requires in addition to the password.
    pub second_factor: Option<String>,
    /// V1 refuses what V2 accepts.
    pub v1_refuses: bool,
    /// Lifetime of a V2 access token, in minutes.
    pub access_minutes: i64,
    /// Lifetime of a V2 refresh token, in minutes.
    pub refresh_minutes: i64,
}

impl Default for LoginBehaviour {
    fn default() -> Self {
        Self {
            refusal: LoginRefusal::Unauthorized,
            not_understood: None,
            says_which: false,
            locks_after: 5,
            locked_minutes: 30,
            locked: false,
            password_expired: false,
            second_factor: None,
            v1_refuses: false,
            access_minutes: 30,
            refresh_minutes: 24 * 60,
        }
    }
}

impl LoginBehaviour {
    pub(crate) fn access(&self) -> SignedDuration {
        SignedDuration::from_mins(self.access_minutes)
    }

    pub(crate) fn refresh(&self) -> SignedDuration {
        SignedDuration::from_mins(self.refresh_minutes)
    }
}

/// V2's response to a refused login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginRefusal {
    /// HTTP 401 with the envelope.
    Unauthorized,
    /// HTTP 400 with the envelope.
    BadRequest,
    /// HTTP 200 with an envelope that says `success: false`.
    Ok,
}

/// The rights that the user's role lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Role {
    /// The role lacks "Has API Access": every login is refused.
    pub without_api_access: bool,
    /// Rights that it lacks on V2.
    pub lacks_on_v2: BTreeSet<Right>,
    /// Rights that it lacks on V1.
    pub lacks_on_v1: BTreeSet<Right>,
    /// A missing right is answered with 403 instead of the 401 of a wrong token.
    pub says_forbidden: bool,
    /// Accounts that it hides.
    pub hidden_accounts: BTreeSet<i32>,
}

/// A right of a role, by its place under Admin > Security > Roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Right {
    /// CRM > Accounts, view.
    ViewAccounts,
    /// Finance > Contracts, view.
    ViewContracts,
    /// Finance > Contracts, modify.
    ModifyContracts,
    /// Admin > Finance > Services, view.
    ViewServices,
    /// Finance > Invoices, view.
    ViewInvoices,
}
