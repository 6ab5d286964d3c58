//! Checks what the client takes for granted about Kaseya against a real tenant: by reads, and by a write of
//! one unit more to a line of a test contract, which is put back, where a person asks for it.
//!
//! The assumptions are data, `proto-schemas/kaseya-bms.assumptions.json`. Evidence holds shapes, types and counts alone: no
//! name, no id, no price, no secret.

mod assumptions;
mod contracts;
mod findings;
mod lines;
mod shape;
mod tokens;
mod write;

use domain::{ContractId, LineId};
use egress::Body;

pub use assumptions::Assumption;
pub use findings::{Outcome, Probed};

use crate::{
    BmsError, Session,
    calls::{Api, Call},
};
use findings::Findings;
use shape::Seen;

/// A line of a test contract, to be written and put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteBack {
    /// Its contract.
    pub contract: ContractId,
    /// The line.
    pub line: LineId,
}

impl Session {
    /// Goes through all assumptions, in the table's order. An error is for want of a login, or because Kaseya stopped
    /// answering: what was found by then is lost, and the next time begins anew.
    pub async fn probe(&self, write_back: Option<WriteBack>) -> Result<Vec<Probed>, BmsError> {
        let mut findings = Findings::default();
        self.probe_tokens(&mut findings).await?;
        let contracts = self.probe_contracts(&mut findings).await?;
        self.probe_lists(&mut findings, &contracts).await?;
        self.probe_lines(&mut findings, &contracts).await?;
        if let Some(line) = write_back {
            self.probe_write(&mut findings, line).await?;
        }
        Ok(findings.in_order())
    }

    /// Makes a read with the token at hand, and shows the answer whatever it is.
    async fn look(&self, call: &Call, body: Body) -> Result<Seen, BmsError> {
        let token = self.token(call.api, None).await?;
        let repeatable = matches!(body, Body::None);
        let send = |body| self.send(call, Some(&token.secret), body, self.limits.read_timeout);
        let response = match send(body).await {
            Err(error) if repeatable && error.is_broken() => send(Body::None).await?,
            other => other?,
        };
        Ok(Seen::new(&response))
    }

    /// The same without a token.
    async fn look_without_token(&self, call: &Call) -> Result<Seen, BmsError> {
        let response = self.send(call, None, Body::None, self.limits.read_timeout).await?;
        Ok(Seen::new(&response))
    }

    /// Where a call of this interface without a token is tried.
    fn harmless_call(&self, api: Api) -> Call {
        match api {
            Api::V2 => Call::v2(egress::Method::Get, "/v2/security/userinfo", Vec::new()),
            Api::V1 => self.lines_call(ContractId(i32::MAX), 0, 0),
        }
    }
}
