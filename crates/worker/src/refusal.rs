//! A job that cannot be executed because of our own fault: a missing key, or a host that should never have been
//! stored.
//!
//! A key that this worker's ring lacks is this worker's fault: it hands the job back, because another worker may
//! have the key. Every other fault lies in the stored row, so the rows report it; a survey is given up, and the
//! jobs created from it report it.

use domain::{Backoff, Entropy, ErrorCode, LeftOver, Remark, SurveyEnd};
use jiff::Timestamp;
use kaseya::BasesError;
use messages::{Ticket, job_content::JobContent, job_done::JobDone};

use std::time::Duration;

use crate::{
    job_done::without_results,
    outcome::{TargetResult, company_outcomes},
};

/// Backoff before another worker, perhaps with another key ring, takes the job that was handed back.
const RETRY: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60) };
/// After this many consecutive attempts without the key, no worker seems to have it: the rows report it.
const LAST_SETBACK: u32 = 10;

/// Why a job cannot be executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OurFault {
    /// The sealed password does not open.
    #[error("the stored password cannot be opened: {0}")]
    Vault(#[from] vault::VaultError),
    /// The stored host is invalid.
    #[error("the stored host cannot be used: {0}")]
    Host(#[from] kaseya::HostError),
    /// A stored base address is invalid.
    #[error("{0}")]
    Bases(#[from] BasesError),
    /// The stored line profile is invalid.
    #[error("{0}")]
    LineProfile(#[from] kaseya::LineProfileError),
}

impl OurFault {
    /// The id of the key that this worker's ring lacks, if that is the fault.
    pub(crate) fn missing_key(&self) -> Option<&str> {
        match self {
            Self::Vault(vault::VaultError::UnknownKey(id)) => Some(id),
            _ => None,
        }
    }

    fn remark(&self) -> Remark {
        match self {
            Self::Vault(_) => Remark::PasswordSealed,
            Self::Bases(BasesError::NotAllowed { host, .. }) => Remark::HostNotAllowed { host: host.clone() },
            Self::Host(_) | Self::Bases(_) => Remark::HostUnusable,
            Self::LineProfile(_) => Remark::LineProfileUnusable,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Bases(BasesError::NotAllowed { .. }) => ErrorCode::Host01,
            Self::Vault(_) | Self::Host(_) | Self::Bases(_) => ErrorCode::Unk01,
            Self::LineProfile(_) => ErrorCode::Lin01,
        }
    }
}

/// The `JobDone` of a job that cannot be executed, without a call to Kaseya.
pub(crate) fn job_done(
    ticket: &Ticket,
    content: &JobContent,
    worker: &str,
    fault: &OurFault,
    now: Timestamp,
    entropy: &Entropy,
) -> JobDone {
    let again_at = (fault.missing_key().is_some() && content.setbacks < LAST_SETBACK).then(|| {
        let wait = RETRY.wait(content.setbacks + 1, entropy.fraction());
        now.saturating_add(wait).unwrap_or(Timestamp::MAX)
    });
    let result = TargetResult {
        remarks: vec![fault.remark()],
        ..match again_at {
            Some(again_at) => TargetResult::deferred(fault.code(), again_at),
            None => TargetResult::not_sent(fault.code(), None),
        }
    };
    let companies = content.contracts.iter().flat_map(|contract| {
        let results: Vec<TargetResult> = contract.targets.iter().map(|_| result.clone()).collect();
        company_outcomes(contract, &results)
    });
    let left: Vec<i32> = match &content.survey {
        Some(work) => work.contracts.iter().map(|contract| contract.0).collect(),
        None => content.contracts.iter().map(|contract| contract.id.0).collect(),
    };
    let left_over = again_at.filter(|_| !left.is_empty()).map(|again_at| LeftOver {
        contracts: left,
        not_before: Some(again_at),
        code: Some(fault.code().as_str()),
    });
    let survey = content.survey.as_ref().map(|work| match &left_over {
        Some(_) => i32::try_from(work.from_page).map_or(SurveyEnd::Seen, SurveyEnd::GoesOn),
        None => SurveyEnd::GivenUp,
    });
    JobDone {
        companies: companies.collect(),
        left_over,
        survey,
        ..without_results(ticket, content, worker, now)
    }
}
