//! The errors of a bus.

use domain::FailureClass;

/// Why a message was not put on the bus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No connection, or it was lost before the confirm.
    #[error("the bus is not connected: {0}")]
    Disconnected(String),
    /// No confirm in time; the message may or may not have arrived.
    #[error("the broker did not confirm the message in time")]
    NotConfirmed,
    /// The broker refused it because of a full queue or a queue without leader.
    #[error("the broker refused the message")]
    Refused,
    /// No queue is bound to its destination: a fault of the deployment.
    #[error("the message reached no queue: {0}")]
    Unroutable(String),
    /// Larger than any consumer accepts.
    #[error("the message has {0} bytes, more than the {1} that consumers take")]
    TooLarge(usize, usize),
}

impl PublishError {
    /// A word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Disconnected(_) => "disconnected",
            Self::NotConfirmed => "not_confirmed",
            Self::Refused => "refused",
            Self::Unroutable(_) => "unroutable",
            Self::TooLarge(..) => "too_large",
        }
    }

    /// The failure class. All except an oversized message may pass; an unroutable message passes once the topology is
    /// declared.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Disconnected(_) | Self::NotConfirmed | Self::Refused | Self::Unroutable(_) => {
                FailureClass::Transient
            }
            Self::TooLarge(..) => FailureClass::Poison,
        }
    }
}

/// Why a request has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request was not sent.
    #[error("the request was not sent: {0}")]
    NotSent(#[from] PublishError),
    /// No response in time. The request may have been executed.
    #[error("no answer came in time")]
    TimedOut,
}

impl RequestError {
    /// A word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotSent(error) => error.kind(),
            Self::TimedOut => "timed_out",
        }
    }
}

/// Why a consumer could not be set up, or a delivery could not be settled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The delivery's connection or channel is lost; the broker delivers it again.
    #[error("the delivery was lost before it was settled")]
    Lost,
    /// The bus is shutting down.
    #[error("the bus is closed")]
    Closed,
    /// The dead letter could not be published, so the message stays in its queue.
    #[error("the dead letter could not be published: {0}")]
    DeadLetter(PublishError),
}
