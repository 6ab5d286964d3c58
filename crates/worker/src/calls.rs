//! The worker's requests to the scheduler over the bus: start, permit, renewal.

use std::{sync::Arc, time::Duration};

use bus::{Outgoing, Queue, RequestError, SharedBus};
use domain::{Clock, Entropy};
use messages::{DecodeError, FieldError, Message, Ticket, decode, encode, v1};

use crate::tracing_context::current_trace;

/// Why a request to the scheduler has no usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not sent, or no response in time. The scheduler may have executed it.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The response is not the expected message.
    #[error(transparent)]
    Answer(#[from] DecodeError),
    /// A field of the response is missing or invalid.
    #[error("the scheduler's answer: {0}")]
    Field(#[from] FieldError),
    /// The response is for another attempt.
    #[error("the scheduler's answer is for another: job {job}, attempt {attempt}")]
    OtherAttempt {
        /// Its job.
        job: String,
        /// Its attempt.
        attempt: u32,
    },
}

/// The scheduler, as seen by one worker process.
#[derive(Clone)]
pub struct SchedulerCalls {
    bus: SharedBus,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    worker: Arc<str>,
    timeout: Duration,
}

impl SchedulerCalls {
    /// `worker` is unique per process; `timeout` applies to each response.
    pub fn new(
        bus: SharedBus,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        worker: Arc<str>,
        timeout: Duration,
    ) -> Self {
        Self { bus, clock, entropy, worker, timeout }
    }

    /// The name this worker gives itself.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// Starts an attempt.
    pub async fn start(&self, ticket: &Ticket) -> Result<v1::start_job_answer::Answer, CallError> {
        let call = v1::StartJob {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt.unsigned_abs()),
            worker_id: self.worker.to_string(),
        };
        let answer: v1::StartJobAnswer = self.ask(&call).await?;
        self.is_for(ticket, answer.of.as_ref())?;
        Ok(messages::field::required("answer", answer.answer)?)
    }

    /// Requests a permit to write changes.
    pub async fn permit(
        &self,
        ticket: &Ticket,
        credentials_version: u32,
        changes: Vec<v1::IntendedChange>,
        whole_contracts: bool,
    ) -> Result<v1::permit_answer::Answer, CallError> {
        let call = v1::PermitWrites {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt.unsigned_abs()),
            worker_id: self.worker.to_string(),
            credentials_version: Some(credentials_version),
            changes,
            // Lines were read before any change was planned, so Kaseya accepted the token.
            login_accepted: Some(true),
            whole_contracts: Some(whole_contracts),
        };
        let answer: v1::PermitAnswer = self.ask(&call).await?;
        self.is_for(ticket, answer.of.as_ref())?;
        Ok(messages::field::required("answer", answer.answer)?)
    }

    /// Renews the lease.
    pub async fn renew(
        &self,
        ticket: &Ticket,
        login_accepted: bool,
    ) -> Result<v1::renew_lease_answer::Answer, CallError> {
        let call = v1::RenewLease {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt.unsigned_abs()),
            worker_id: self.worker.to_string(),
            login_accepted: Some(login_accepted),
        };
        let answer: v1::RenewLeaseAnswer = self.ask(&call).await?;
        self.is_for(ticket, answer.of.as_ref())?;
        Ok(messages::field::required("answer", answer.answer)?)
    }

    /// Whether a response is for this worker's attempt. A response without this field comes from an older
    /// scheduler; only the request's correlation id identifies it.
    fn is_for(&self, ticket: &Ticket, of: Option<&v1::AnsweredAttempt>) -> Result<(), CallError> {
        let asked = v1::AnsweredAttempt {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt.unsigned_abs()),
            worker_id: self.worker.to_string(),
        };
        match of.filter(|of| **of != asked) {
            Some(other) => Err(CallError::OtherAttempt {
                job: other.job_id.clone(),
                attempt: other.attempt.unwrap_or_default(),
            }),
            None => Ok(()),
        }
    }

    async fn ask<Q: Message, A: Message>(&self, call: &Q) -> Result<A, CallError> {
        let answer = self.bus.request(Queue::SchedulerCalls, self.outgoing(call), self.timeout).await?;
        Ok(decode(answer.kind.as_deref(), &answer.body)?)
    }

    /// A message from this worker, in the current trace.
    pub(crate) fn outgoing<M: Message>(&self, message: &M) -> Outgoing {
        Outgoing {
            id: self.entropy.uuid(self.clock.now()),
            kind: M::KIND,
            trace: current_trace(),
            body: encode(message),
        }
    }
}
