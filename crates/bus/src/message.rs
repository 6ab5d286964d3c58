//! A message on its way out, and one that has come in.

use bytes::Bytes;
use uuid::Uuid;

/// W3C trace context, as headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`.
    pub traceparent: Option<String>,
    /// `tracestate`.
    pub tracestate: Option<String>,
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its identity on the wire; the identity that counts stands in the body.
    pub id: Uuid,
    /// Its full type with version, such as `kaseya_sync.v1.JobReady`.
    pub kind: &'static str,
    /// The trace that it belongs to.
    pub trace: TraceContext,
    /// The proto3 JSON.
    pub body: Bytes,
}

impl Outgoing {
    /// A message of one of our types.
    pub fn new<M: messages::Message>(id: Uuid, trace: TraceContext, message: &M) -> Self {
        Self { id, kind: M::KIND, trace, body: messages::encode(message) }
    }
}

/// A message that has come in. Everything but the body may be missing or invented by whoever published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `message-id`, as it came.
    pub id: Option<String>,
    /// `type`, as it came.
    pub kind: Option<String>,
    /// `user-id`: the broker user that published it. RabbitMQ refuses a message that names another, and most name none.
    pub user: Option<String>,
    /// `app-id`, as it came.
    pub app: Option<String>,
    /// The trace it came with; untrusted.
    pub trace: TraceContext,
    /// The body, at most [`crate::topology::MAX_MESSAGE_BYTES`]: larger ones are dead-lettered before they get here, counts from [`crate::topology::MAX_LETTER_BYTES`] on.
    pub body: Bytes,
    /// Where an answer is awaited.
    pub reply_to: Option<String>,
    /// What the answer must carry.
    pub correlation_id: Option<String>,
    /// Whether it was delivered before.
    pub redelivered: bool,
}

impl Incoming {
    /// Reads it as a message of one of our types.
    pub fn decode<M: messages::Message>(&self) -> Result<M, messages::DecodeError> {
        messages::decode(self.kind.as_deref(), &self.body)
    }
}
