//! What a worker asks the scheduler over the bus: start, permit, renewal.

use std::{sync::Arc, time::Duration};

use bus::{Outgoing, Queue, RequestError, SharedBus};
use domain::{Clock, Entropy};
use messages::{DecodeError, FieldError, Message, decode, encode, v1};

use crate::{content::Ticket, tracing_context::current_trace};

/// Why a call to the scheduler has no answer that can be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not sent, or no answer in time. It may have been executed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The answer is not the message it should be.
    #[error(transparent)]
    Answer(#[from] DecodeError),
    /// The answer lacks something.
    #[error("the scheduler's answer: {0}")]
    Field(#[from] FieldError),
    /// The answer is for another attempt.
    #[error("the scheduler's answer is for another: job {job}, attempt {attempt}")]
    OtherAttempt {
        /// The job.
        job: String,
        /// The attempt.
        attempt: u32,
    },
}

/// The scheduler as one worker process sees it.
#[derive(Clone)]
pub struct SchedulerCalls {
    bus: SharedBus,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    worker: Arc<str>,
    timeout: Duration,
}

impl SchedulerCalls {
    /// `worker` is unique per process; `timeout` is the wait for each answer.
    pub fn new(
        bus: SharedBus,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        worker: Arc<str>,
        timeout: Duration,
    ) -> Self {
        Self { bus, clock, entropy, worker, timeout }
    }

    /// Who this worker says it is.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// Begins an attempt.
    pub async fn start(&self, ticket: &Ticket) -> Result<v1::start_job_answer::Answer, CallError> {
        let call = v1::StartJob {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt),
            worker_id: self.worker.to_string(),
        };
        let answer: v1::StartJobAnswer = self.ask(&call).await?;
        self.is_for(ticket, answer.of.as_ref())?;
        Ok(messages::field::required("answer", answer.answer)?)
    }

    /// Asks whether changes may be written.
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
            attempt: Some(ticket.attempt),
            worker_id: self.worker.to_string(),
            credentials_version: Some(credentials_version),
            changes,
            // Lines were read before any change was planned, so Kaseya took the token.
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
            attempt: Some(ticket.attempt),
            worker_id: self.worker.to_string(),
            login_accepted: Some(login_accepted),
        };
        let answer: v1::RenewLeaseAnswer = self.ask(&call).await?;
        self.is_for(ticket, answer.of.as_ref())?;
        Ok(messages::field::required("answer", answer.answer)?)
    }

    /// Whether an answer is for this worker's attempt. One that does not say so is an older scheduler's: its way here by the
    /// request's own correlation id is all that it has.
    fn is_for(&self, ticket: &Ticket, of: Option<&v1::AnsweredAttempt>) -> Result<(), CallError> {
        let asked = v1::AnsweredAttempt {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt),
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

    /// A message of this worker's, in the present trace.
    pub(crate) fn outgoing<M: Message>(&self, message: &M) -> Outgoing {
        Outgoing {
            id: self.entropy.uuid(self.clock.now()),
            kind: M::KIND,
            trace: current_trace(),
            body: encode(message),
        }
    }
}
