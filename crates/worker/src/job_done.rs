//! The report of an attempt, after its end.

use messages::{field::wire_instant, v1};

use crate::{
    attempt::Attempt,
    findings::{Findings, Left},
};

impl Attempt<'_> {
    pub(crate) fn job_done(&self, findings: Findings) -> v1::JobDone {
        let (login, credentials_code) = match self.session.login() {
            kaseya::Login::NotTried => (v1::LoginOutcome::NotTried, None),
            kaseya::Login::Accepted => (v1::LoginOutcome::Accepted, None),
            kaseya::Login::Refused(code) => (v1::LoginOutcome::Refused, Some(code)),
            kaseya::Login::Unknown => (v1::LoginOutcome::Unknown, None),
        };
        let host = match (findings.answered_calls, findings.failed_calls) {
            (0, 0) => v1::HostHealth::NotCalled,
            (0, _) => v1::HostHealth::Failed,
            (_, _) => v1::HostHealth::Answered,
        };
        v1::JobDone {
            partner_id: self.ticket.partner.to_string(),
            run_id: self.content.run.to_string(),
            run_number: Some(self.content.run_number),
            job_id: self.ticket.job.to_string(),
            attempt: Some(self.ticket.attempt),
            mode: v1::SyncMode::from(self.content.mode).into(),
            trigger: self.content.trigger.as_str().to_owned(),
            worker_id: self.calls.worker().to_owned(),
            companies: findings.companies,
            lines: findings.lines,
            changes: findings.changes,
            calls: self
                .session
                .calls()
                .into_iter()
                .map(|(endpoint, calls)| v1::CallsMade { endpoint, calls: Some(calls) })
                .collect(),
            login: login.into(),
            credentials_code: credentials_code.map(|code| code.as_str().to_owned()),
            credentials_version: Some(self.content.integration.credentials_version),
            left_over: left_over(&findings.left),
            finished_at: Some(wire_instant(self.clock.now())),
            host: host.into(),
            survey: findings.survey,
            contracts_seen: findings.contracts_seen,
            contracts_read: findings.contracts_read,
            services_seen: findings.services_seen,
            services_named: match findings.services_named {
                named if named.is_empty() => self.in_use.services_named(),
                named => named,
            },
            contracts_implied: Vec::new(),
            accounts_seen: self.in_use.accounts_seen(),
            kaseya_time_zone: findings.kaseya_zone,
        }
    }
}

/// One message has one instant: the earliest. A contract that must still wait then says so again. Contracts that
/// failed come last, so that they never keep the next attempt from the others.
fn left_over(left: &[Left]) -> Option<v1::LeftOver> {
    let earliest = left.iter().min_by_key(|left| left.not_before)?;
    let (failed, others): (Vec<&Left>, Vec<&Left>) = left.iter().partition(|left| left.failed);
    Some(v1::LeftOver {
        contract_ids: others.iter().chain(&failed).map(|left| left.contract.0).collect(),
        not_before: earliest.not_before.map(wire_instant),
        code: earliest.code.map(|code| code.as_str().to_owned()),
    })
}
