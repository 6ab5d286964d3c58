//! Which attempt of which job a worker speaks of.

use domain::{JobId, PartnerId};
use messages::{
    FieldError,
    field::{id, required, text},
    v1,
};

/// The ticket that a worker shows, or the attempt that it claims to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimedAttempt {
    pub(crate) partner: PartnerId,
    pub(crate) job: JobId,
    pub(crate) attempt: i32,
    pub(crate) worker: String,
}

impl ClaimedAttempt {
    pub(crate) fn read(
        partner: &str,
        job: &str,
        attempt: Option<u32>,
        worker: &str,
    ) -> Result<Self, FieldError> {
        let attempt = required("attempt", attempt)?;
        Ok(Self {
            partner: id("partner_id", PartnerId::new(partner))?,
            job: id("job_id", JobId::parse(job))?,
            attempt: i32::try_from(attempt)
                .map_err(|_| FieldError::new("attempt", "it is larger than any attempt can be"))?,
            worker: text("worker_id", worker.to_owned())?,
        })
    }
}

impl From<&ClaimedAttempt> for v1::AnsweredAttempt {
    fn from(of: &ClaimedAttempt) -> Self {
        Self {
            partner_id: of.partner.to_string(),
            job_id: of.job.to_string(),
            attempt: Some(of.attempt.unsigned_abs()),
            worker_id: of.worker.clone(),
        }
    }
}
