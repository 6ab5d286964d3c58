//! Checks the client's assumptions about Kaseya against a real tenant, and searches for the line profile that fits,
//! both by reads. On a person's request it also finds out which write has its effect, on a line of a test contract
//! that is then put back.
//!
//! The assumptions are data, `proto-schemas/kaseya-bms.assumptions.json`. Evidence holds only shapes, types and
//! counts: no name, no id, no price, no secret.

mod assumptions;
mod candidate;
mod contracts;
mod findings;
mod lines;
mod search;
mod shape;
mod tokens;
mod trial;

use std::sync::Arc;

use domain::ContractId;
use egress::Body;

pub use assumptions::Assumption;
pub use candidate::{Candidate, CandidateAnswer, SumCheck};
pub use findings::{Outcome, Probed};
pub use search::{MOST_V1_CALLS, Search};
pub use trial::{Effect, PutBack, Trial, TrialOrder, TrialStep};

use crate::{
    BmsError, LineProfile, Session,
    calls::{Api, Call},
};
use findings::Findings;
use shape::Seen;

/// What to probe beyond what reads alone can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProbeOrder {
    /// The contract whose lines are searched for; a contract with a past change of units also tells prorations from
    /// lines. Without it, the first recurring contract with a price.
    pub contract: Option<ContractId>,
    /// A line to write to; `None` to write nothing.
    pub trial: Option<TrialOrder>,
}

/// The findings of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// Every assumption, in the table's order.
    pub assumptions: Vec<Probed>,
    /// The search for the line profile; `None` where V1 gave no token, or there is no contract.
    pub search: Option<Search>,
    /// V1 calls made for reads, the login included.
    pub v1_calls: u32,
    /// The trial of writes, if it was requested.
    pub trial: Option<Trial>,
}

impl ProbeReport {
    /// The profile that fits, with the write that had its effect if writes were tried.
    pub fn profile(&self) -> Option<&LineProfile> {
        match &self.trial {
            Some(trial) => trial.works.as_ref(),
            None => self.search.as_ref()?.fitting.as_ref(),
        }
    }
}

impl Session {
    /// Checks all assumptions and all line profiles. Fails without a login, or when Kaseya stops answering: the
    /// findings up to then are lost, and the next probe starts over.
    pub async fn probe(&self, order: ProbeOrder) -> Result<ProbeReport, BmsError> {
        let mut findings = Findings::default();
        self.probe_tokens(&mut findings).await?;
        let contracts = self.probe_contracts(&mut findings).await?;
        self.probe_lists(&mut findings, &contracts).await?;
        let search = self.probe_lines(&mut findings, &contracts, order).await?;
        let v1_calls = self.v1_calls_made();
        let trial = match (order.trial, &search) {
            (None, _) => None,
            (Some(order), search) => {
                let fitting = search.as_ref().and_then(|search| search.fitting.clone());
                let trial = match fitting {
                    Some(profile) => self.try_writes(&Arc::new(profile), order).await,
                    None => Trial::not_tried("no profile reads this contract's lines: nothing was written"),
                };
                trial::judge(&trial, &mut findings);
                Some(trial)
            }
        };
        Ok(ProbeReport { assumptions: findings.in_order(), search, v1_calls, trial })
    }

    /// Makes a read with the token at hand, and returns the answer whatever it is.
    async fn look(&self, call: &Call, body: Body) -> Result<Seen, BmsError> {
        let token = self.token(call.api, None).await?;
        let repeatable = matches!(body, Body::None);
        let send = |body| self.send(call, Some(&token.secret), body, self.limits.read_timeout);
        let response = match send(body).await {
            Err(error) if repeatable && error.is_broken() => send(Body::None).await?,
            other => other?,
        };
        Ok(Seen::new(response))
    }

    /// The same without a token.
    async fn look_without_token(&self, call: &Call) -> Result<Seen, BmsError> {
        let response = self.send(call, None, Body::None, self.limits.read_timeout).await?;
        Ok(Seen::new(response))
    }

    /// The call to try without a token on this API.
    fn harmless_call(&self, api: Api) -> Call {
        match api {
            Api::V2 => Call::v2(egress::Method::Get, "/v2/security/userinfo", Vec::new()),
            Api::V1 => self.lines_call(self.line_profile(), ContractId(i32::MAX), 0, 0),
        }
    }
}
