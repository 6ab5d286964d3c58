//! A job that cannot be worked on for a fault of ours: no key, or a host that should never have been stored.

use domain::{ErrorCode, Remark};
use jiff::Timestamp;
use messages::{field::wire_instant, v1};

use crate::{
    content::{Content, Ticket},
    outcome::{TargetResult, company_outcomes},
};

/// Why a job cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OurFault {
    /// The sealed password does not open.
    #[error("the stored password cannot be opened: {0}")]
    Vault(#[from] vault::VaultError),
    /// The stored host is none.
    #[error("the stored host cannot be used: {0}")]
    Host(#[from] kaseya::HostError),
    /// A stored base address is none.
    #[error("{0}")]
    Bases(#[from] kaseya::BasesError),
    /// The stored line profile is none.
    #[error("{0}")]
    LineProfile(#[from] kaseya::LineProfileError),
}

impl OurFault {
    fn remark(&self) -> Remark {
        match self {
            Self::Vault(_) => Remark::PasswordSealed,
            Self::Host(_) | Self::Bases(_) => Remark::HostUnusable,
            Self::LineProfile(_) => Remark::LineProfileUnusable,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Vault(_) | Self::Host(_) | Self::Bases(_) => ErrorCode::Unk01,
            Self::LineProfile(_) => ErrorCode::Lin01,
        }
    }
}

/// Every company of the slice: not sent, and why. Kaseya was not called.
pub(crate) fn job_done(
    ticket: &Ticket,
    content: &Content,
    worker: &str,
    fault: &OurFault,
    now: Timestamp,
) -> v1::JobDone {
    let result = TargetResult::not_sent(fault.code(), Some(fault.remark()));
    let companies = content.contracts.iter().flat_map(|contract| {
        let results: Vec<TargetResult> = contract.targets.iter().map(|_| result.clone()).collect();
        company_outcomes(contract, &results)
    });
    v1::JobDone {
        partner_id: ticket.partner.to_string(),
        run_id: content.run.to_string(),
        run_number: Some(content.run_number),
        job_id: ticket.job.to_string(),
        attempt: Some(ticket.attempt),
        mode: v1::SyncMode::from(content.mode).into(),
        trigger: content.trigger.as_str().to_owned(),
        worker_id: worker.to_owned(),
        companies: companies.collect(),
        login: v1::LoginOutcome::NotTried.into(),
        credentials_version: Some(content.integration.credentials_version),
        finished_at: Some(wire_instant(now)),
        host: v1::HostHealth::NotCalled.into(),
        ..v1::JobDone::default()
    }
}
