//! How a tenant behaves where nobody has published how the real one does: the defaults are the most plausible guess,
//! and each switch another plausible one.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Every switch; part of the state, so that a file may set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How logins are judged and answered.
    pub login: LoginBehaviour,
    /// What the user's role lacks.
    pub role: Role,
    /// How V2 spells the names in its answers.
    pub casing: Casing,
    /// How a missing, ended or wrong token is answered on V2 and V1.
    pub token_refusal: TokenRefusal,
    /// How lists are cut into pages.
    pub lists: ListBehaviour,
    /// How calls above the hourly limit are counted and answered.
    pub limits: LimitBehaviour,
    /// How lines are written and shown.
    pub lines: LineBehaviour,
}

/// How logins are judged and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginBehaviour {
    /// The answer of V2 to a refused login.
    pub refusal: LoginRefusal,
    /// Kaseya says which: user or password, company, lock, expiry, second factor or role. Otherwise one answer for all.
    pub says_which: bool,
    /// Failures in a row that lock the user; 0 never locks.
    pub locks_after: u32,
    /// For how many minutes a locked user is refused.
    pub locked_minutes: i64,
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
            says_which: false,
            locks_after: 5,
            locked_minutes: 30,
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
}

/// How V2 spells the names in its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Casing {
    /// As other clients have seen it.
    #[default]
    Camel,
    /// As the vendor's description spells them.
    Pascal,
}

/// How a missing, ended or wrong token is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum TokenRefusal {
    /// In the envelope.
    #[default]
    Envelope,
    /// A proxy's HTML page.
    Html,
}

/// How lists are cut into pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ListBehaviour {
    /// A list that is not asked to be sorted comes in another order at each call.
    pub shifting_order: bool,
    /// No page has more rows than this, whatever is asked for.
    pub largest_page: Option<u16>,
    /// The last row of each page comes twice.
    pub duplicate_rows: bool,
    /// `totalRecords` is left out.
    pub without_totals: bool,
}

/// How calls above the hourly limit are counted and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitBehaviour {
    /// Calls that a V2 route takes in an hour.
    pub v2_per_hour: u32,
    /// Calls that a V1 route takes in an hour.
    pub v1_per_hour: u32,
    /// Whether `Retry-After` says when the hour ends.
    pub retry_after: RetryAfter,
    /// The body is an HTML page.
    pub html: bool,
}

impl Default for LimitBehaviour {
    fn default() -> Self {
        Self { v2_per_hour: 1500, v1_per_hour: 500, retry_after: RetryAfter::Absent, html: false }
    }
}

/// Whether an answer has a `Retry-After` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryAfter {
    /// It has none.
    Absent,
    /// In seconds.
    Seconds,
    /// As an HTTP date.
    Date,
}

/// How lines are written and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct LineBehaviour {
    /// Units with a fraction are cut to the whole number and not refused.
    pub truncates_fractions: bool,
    /// Zero units are refused.
    pub refuses_zero: bool,
    /// V1 has no routes for lines.
    pub off: bool,
    /// Units with an effective date to come show only from that day on; until then line and total show the old ones.
    pub waits_for_effective_date: bool,
}
