//! How a tenant behaves where nobody has published how the real one does: the defaults are the most plausible guess,
//! and each switch another plausible one.

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

/// Every switch; part of the state, so that a file may set it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What all choices by chance come from.
    pub seed: u64,
    /// How logins are judged and answered.
    pub login: LoginBehaviour,
    /// What the user's role lacks.
    pub role: Role,
    /// How V2 spells the names in its answers.
    pub casing: Casing,
    /// How a missing, ended or wrong token is answered on V2 and V1.
    pub token_refusal: TokenRefusal,
    /// V1 serves nothing at all, not even its login.
    pub v1_off: bool,
    /// Every call is answered 200 with a page about maintenance.
    pub maintenance: bool,
    /// JSON begins with a byte order mark.
    pub byte_order_mark: bool,
    /// How lists are cut into pages.
    pub lists: ListBehaviour,
    /// How calls above the hourly limit are counted and answered.
    pub limits: LimitBehaviour,
    /// How long answers take.
    pub latency: LatencyBehaviour,
    /// How lines are written and shown.
    pub lines: LineBehaviour,
    /// When the tenant bills by itself.
    pub invoicing: Invoicing,
    /// What goes wrong with which calls.
    pub script: Vec<Step>,
}

/// How long answers take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyBehaviour {
    /// Of every call that is not named apart.
    pub usual: Latency,
    /// Of these calls.
    pub of: BTreeMap<Endpoint, Latency>,
}

impl LatencyBehaviour {
    pub(crate) fn of(&self, endpoint: Endpoint) -> Latency {
        self.of.get(&endpoint).copied().unwrap_or(self.usual)
    }
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
