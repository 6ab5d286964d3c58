//! Outgoing and incoming messages.

use bytes::Bytes;
use uuid::Uuid;

/// W3C trace context, as headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// The header `traceparent`.
    pub traceparent: Option<String>,
    /// The header `tracestate`.
    pub tracestate: Option<String>,
}

/// An outgoing message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its identity on the wire; the identity that counts is in the body.
    pub id: Uuid,
    /// Its full type with version, e.g. `kaseya_sync.v1.JobReady`.
    pub kind: &'static str,
    /// The trace of the message.
    pub trace: TraceContext,
    /// The body as proto3 JSON.
    pub body: Bytes,
}

impl Outgoing {
    /// A message of one of our types.
    pub fn new<M: messages::Message>(id: Uuid, trace: TraceContext, message: &M) -> Self {
        Self { id, kind: M::KIND, trace, body: messages::encode(message) }
    }
}

/// An incoming message. Everything except the body may be missing or invented by the publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `message-id`, as received; untrusted.
    pub id: Option<String>,
    /// `type`, as received; untrusted.
    pub kind: Option<String>,
    /// `user-id`: the broker user that published it. RabbitMQ refuses a message with another user's name, and most
    /// messages have none.
    pub user: Option<String>,
    /// `app-id`, as received; untrusted.
    pub app: Option<String>,
    /// The trace of the message; untrusted.
    pub trace: TraceContext,
    /// The body, at most [`crate::topology::MAX_MESSAGE_BYTES`]: larger ones are dead-lettered before they get here,
    /// counts from [`crate::topology::MAX_LETTER_BYTES`] on.
    pub body: Bytes,
    /// Where the sender awaits the response.
    pub reply_to: Option<String>,
    /// The id that the response must carry.
    pub correlation_id: Option<String>,
    /// Whether it was delivered before.
    pub redelivered: bool,
}

impl Incoming {
    /// Decodes it as a message of one of our types.
    pub fn decode<M: messages::Message>(&self) -> Result<M, messages::DecodeError> {
        messages::decode(self.kind.as_deref(), &self.body)
    }
}
