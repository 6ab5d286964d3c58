//! The behaviour of a tenant where the real one's is not published. Each default is the most plausible guess, and
//! each switch another plausible one.

mod line_form;
mod line_profile;
mod lines;
mod lists;
mod login;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    line_form::{LineForm, WriteBody},
    line_profile::ProfileError,
    lines::{Invoicing, LineBehaviour, Prorations, StoredDate},
    lists::{ContractPrices, Counted, IdsBinding, LimitBehaviour, ListBehaviour, RetryAfter},
    login::{LoginBehaviour, LoginRefusal, Right, Role},
};
use crate::{Endpoint, Latency, Step};

/// All switches. They are part of the state, so a data file can set them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// The seed of all random choices.
    pub seed: u64,
    /// How logins are checked and answered.
    pub login: LoginBehaviour,
    /// The rights that the user's role lacks.
    pub role: Role,
    /// The case of field names in V2 responses.
    pub casing: Casing,
    /// The response of V2 and V1 to a missing, expired or wrong token.
    pub token_refusal: TokenRefusal,
    /// V1 serves nothing at all, not even its login.
    pub v1_off: bool,
    /// Every call is answered with status 200 and a maintenance page.
    pub maintenance: bool,
    /// JSON begins with a byte order mark.
    pub byte_order_mark: bool,
    /// How lists are paged.
    pub lists: ListBehaviour,
    /// How calls above the hourly limit are counted and answered.
    pub limits: LimitBehaviour,
    /// How long responses take.
    pub latency: LatencyBehaviour,
    /// How lines are written and shown.
    pub lines: LineBehaviour,
    /// When the tenant bills by itself.
    pub invoicing: Invoicing,
    /// Which calls fail, and how.
    pub script: Vec<Step>,
}

/// How long responses take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyBehaviour {
    /// For calls without a latency of their own.
    pub usual: Latency,
    /// For individual endpoints.
    pub of: BTreeMap<Endpoint, Latency>,
}

impl LatencyBehaviour {
    pub(crate) fn of(&self, endpoint: Endpoint) -> Latency {
        self.of.get(&endpoint).copied().unwrap_or(self.usual)
    }
}

/// The case of field names in V2 responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Casing {
    /// As other clients have observed it.
    #[default]
    Camel,
    /// As in the vendor's API description.
    Pascal,
}

/// The response to a missing, expired or wrong token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum TokenRefusal {
    /// In the envelope.
    #[default]
    Envelope,
    /// A proxy's HTML page.
    Html,
}
