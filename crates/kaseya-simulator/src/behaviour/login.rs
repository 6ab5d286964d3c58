//! Who may log in, and what the user's role lacks.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How logins are judged and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginBehaviour {
    /// The answer of V2 to a refused login.
    pub refusal: LoginRefusal,
    /// Every login of either interface is answered with this status and a problem document, whatever it holds.
    pub not_understood: Option<u16>,
    /// Kaseya says which: user or password, company, lock, expiry, second factor or role. Otherwise one answer for all.
    pub says_which: bool,
    /// Failures in a row that lock the user; 0 never locks.
    pub locks_after: u32,
    /// For how many minutes a locked user is refused.
    pub locked_minutes: i64,
    /// A person has locked the user.
    pub locked: bool,
    /// The password is too old to be taken.
    pub password_expired: bool,
    /// The second factor that V2 asks for besides the password.
    pub second_factor: Option<String>,
    /// V1 refuses what V2 accepts.
    pub v1_refuses: bool,
    /// Minutes until a V2 access token ends.
    pub access_minutes: i64,
    /// Minutes until a V2 refresh token ends.
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

/// The answer of V2 to a refused login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginRefusal {
    /// HTTP 401 with the envelope.
    Unauthorized,
    /// HTTP 400 with the envelope.
    BadRequest,
    /// HTTP 200 whose envelope says `success: false`.
    Ok,
}

/// What the user's role lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Role {
    /// The role lacks "Has API Access": every login is refused.
    pub without_api_access: bool,
    /// Rights that it lacks on V2.
    pub lacks_on_v2: BTreeSet<Right>,
    /// Rights that it lacks on V1.
    pub lacks_on_v1: BTreeSet<Right>,
    /// A missing right is answered 403 and not with the 401 of a wrong token.
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
