//! Tickets: decoding.

use domain::PartnerId;

use crate::{
    FieldError,
    field::{self, number, required},
    v1,
};

/// A ticket, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The partner.
    pub partner: PartnerId,
    /// The job.
    pub job: domain::JobId,
    /// The attempt.
    pub attempt: i32,
}

impl TryFrom<v1::JobReady> for Ticket {
    type Error = FieldError;

    fn try_from(ready: v1::JobReady) -> Result<Self, FieldError> {
        Ok(Self {
            partner: field::id("partner_id", PartnerId::new(ready.partner_id))?,
            job: field::id("job_id", domain::JobId::parse(&ready.job_id))?,
            attempt: number("attempt", required("attempt", ready.attempt)?)?,
        })
    }
}
