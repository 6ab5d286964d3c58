//! Splits messages larger than a consumer accepts into parts.
//!
//! Only for our own services: on the queues of [`Queue::takes_parts`] and for responses. The parts of one message go
//! to different consumers of a queue, which assemble them in the store; the parts of a response all go to the caller.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use messages::{DecodeError, FieldError, Message as _, field::required, v1};
use uuid::Uuid;

use crate::{Incoming, Outgoing, PublishError, Queue, topology::MAX_MESSAGE_BYTES};

/// The maximum number of parts in a message.
pub const MAX_PARTS: usize = 256;
/// The bytes of a part: as base64 in their envelope, they make a message that every consumer accepts.
const PART_BYTES: usize = (MAX_MESSAGE_BYTES - 4 * 1024) / 4 * 3;
/// The maximum size of a message sent in parts, in bytes.
pub const MAX_WHOLE_BYTES: usize = MAX_PARTS * PART_BYTES;

impl Queue {
    /// Whether a message too large for one delivery is sent in parts: between our own services, each with a ledger.
    pub fn takes_parts(self) -> bool {
        matches!(self, Self::Results | Self::SchedulerCalls)
    }

    /// The messages to send on this queue: the message alone, or its parts.
    pub fn messages(self, message: Outgoing) -> Result<Vec<Outgoing>, PublishError> {
        let size = message.body.len();
        if size > MAX_MESSAGE_BYTES && !self.takes_parts() {
            return Err(PublishError::TooLarge(size, MAX_MESSAGE_BYTES));
        }
        in_parts(message)
    }
}

/// The message, or its parts if it is too large.
pub fn in_parts(message: Outgoing) -> Result<Vec<Outgoing>, PublishError> {
    let size = message.body.len();
    if size <= MAX_MESSAGE_BYTES {
        return Ok(vec![message]);
    }
    if size > MAX_WHOLE_BYTES {
        return Err(PublishError::TooLarge(size, MAX_WHOLE_BYTES));
    }
    let parts = u32::try_from(size.div_ceil(PART_BYTES)).ok();
    let each = (1..).zip(message.body.chunks(PART_BYTES)).map(|(place, bytes)| {
        let part = v1::MessagePart {
            whole_id: message.id.to_string(),
            kind: message.kind.to_owned(),
            place: Some(place),
            parts,
            bytes: bytes.to_vec(),
        };
        Outgoing::new(message.id, message.trace.clone(), &part)
    });
    Ok(each.collect())
}

/// A received part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The id that the parts of one message share.
    pub whole: Uuid,
    /// The type of the whole message.
    pub kind: String,
    /// Its position, from 1.
    pub place: u16,
    /// The number of parts.
    pub parts: u16,
    /// The bytes of this part.
    pub bytes: Bytes,
}

impl Part {
    /// Decodes a message as a part; `None` if the message is whole.
    pub fn read(message: &Incoming) -> Option<Result<Self, DecodeError>> {
        (message.kind.as_deref() == Some(v1::MessagePart::KIND)).then(|| {
            let part: v1::MessagePart = message.decode()?;
            let number = |field, value: Option<u32>| {
                let known = u16::try_from(required(field, value)?).ok();
                let known = known.filter(|number| (1..=MAX_PARTS).contains(&usize::from(*number)));
                known.ok_or_else(|| FieldError::new(field, format!("1 to {MAX_PARTS} are allowed")))
            };
            let (place, parts) = (number("place", part.place)?, number("parts", part.parts)?);
            if place > parts {
                return Err(FieldError::new("place", format!("it is {place} of {parts}")).into());
            }
            let whole = Uuid::parse_str(&part.whole_id)
                .map_err(|error| FieldError::new("whole_id", error.to_string()))?;
            Ok(Self { whole, kind: part.kind, place, parts, bytes: part.bytes.into() })
        })
    }
}

/// The received parts of one response.
#[derive(Debug, Default)]
pub struct Assembly(BTreeMap<u16, Bytes>);

impl Assembly {
    /// Adds a response or a part of one; returns the response once it is whole. A part that cannot be decoded is the
    /// response: its caller reports what is wrong.
    pub fn add(&mut self, message: Incoming) -> Option<Incoming> {
        let Some(Ok(part)) = Part::read(&message) else { return Some(message) };
        self.0.insert(part.place, part.bytes);
        if self.0.len() < usize::from(part.parts) {
            return None;
        }
        let mut whole = BytesMut::new();
        for bytes in self.0.values() {
            whole.extend_from_slice(bytes);
        }
        Some(Incoming { kind: Some(part.kind), body: whole.freeze(), ..message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TraceContext;

    fn of_size(size: usize) -> Outgoing {
        let body: Vec<u8> = (0..size).map(|place| b'a' + (place % 26) as u8).collect();
        let trace = TraceContext::default();
        Outgoing { id: Uuid::from_u128(9), kind: "kaseya_sync.v1.JobDone", trace, body: body.into() }
    }

    fn incoming(message: Outgoing) -> Incoming {
        Incoming {
            id: None,
            kind: Some(message.kind.to_owned()),
            user: None,
            app: None,
            trace: message.trace,
            body: message.body,
            reply_to: None,
            correlation_id: None,
            redelivered: false,
        }
    }

    #[test]
    fn case_c2_every_part_fits_and_together_they_are_the_message_in_any_order() {
        for size in [0, 1, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1, 5 * PART_BYTES, 3_000_000] {
            let parts = in_parts(of_size(size)).expect("it can be sent");
            assert_eq!(parts.len() == 1, size <= MAX_MESSAGE_BYTES);
            assert!(parts.iter().all(|part| part.body.len() <= MAX_MESSAGE_BYTES));
            let mut assembly = Assembly::default();
            let mut wholes: Vec<Incoming> =
                parts.into_iter().rev().filter_map(|part| assembly.add(incoming(part))).collect();
            let whole = wholes.pop().expect("the last part completes it");
            assert!(wholes.is_empty());
            assert_eq!(whole.body, of_size(size).body);
            assert_eq!(whole.kind.as_deref(), Some("kaseya_sync.v1.JobDone"));
        }
    }

    #[test]
    fn case_c2_what_strangers_read_and_what_is_larger_than_all_parts_is_refused() {
        let refused = Queue::Jobs.messages(of_size(MAX_MESSAGE_BYTES + 1));
        assert_eq!(refused, Err(PublishError::TooLarge(MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES)));
        let refused = Queue::Results.messages(of_size(MAX_WHOLE_BYTES + 1));
        assert_eq!(refused, Err(PublishError::TooLarge(MAX_WHOLE_BYTES + 1, MAX_WHOLE_BYTES)));
    }
}
