//! The record of a message that can never be processed.

use std::fmt::Write as _;

use messages::v1;
use uuid::Uuid;

use crate::{Incoming, Outgoing, topology::MAX_MESSAGE_BYTES};

/// How many bytes are kept of a body too large for any consumer; any other body is kept whole, so that it can be sent
/// again.
const KEPT_BYTES: usize = 4096;

/// The dead letter of a message from `queue`: the reason, a hash of the whole body, and the body, or its first 4 KiB
/// if it is too large for any consumer.
///
/// Its id derives from queue and body, so that a second letter about the same message can be recognised.
pub fn dead_letter(queue: &str, reason: &str, message: &Incoming) -> Outgoing {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &message.body);
    let whole = message.body.len() <= MAX_MESSAGE_BYTES;
    let start = if whole { &message.body[..] } else { &message.body[..KEPT_BYTES] };
    let letter = v1::DeadLetter {
        queue: queue.to_owned(),
        reason: reason.to_owned(),
        r#type: message.kind.as_deref().map(shortened),
        message_id: message.id.as_deref().map(shortened),
        body_sha256: hexadecimal(hash.as_ref()),
        body_bytes: Some(message.body.len() as u64),
        body_start: Some(match whole_characters(start) {
            Some(text) => v1::dead_letter::BodyStart::Text(text.to_owned()),
            None => v1::dead_letter::BodyStart::Binary(start.to_vec()),
        }),
    };
    Outgoing::new(identity(queue, hash.as_ref()), message.trace.clone(), &letter)
}

/// The text of `start`, without a character split by the cut.
fn whole_characters(start: &[u8]) -> Option<&str> {
    match std::str::from_utf8(start) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// A header value from an external sender, cut to a length fit for a table.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn identity(queue: &str, hash: &[u8]) -> Uuid {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(queue.as_bytes());
    context.update(hash);
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use messages::v1::{DeadLetter, dead_letter::BodyStart};

    use super::*;
    use crate::TraceContext;

    fn incoming(body: impl Into<Bytes>) -> Incoming {
        Incoming {
            id: Some("id".into()),
            kind: None,
            user: None,
            app: None,
            trace: TraceContext::default(),
            body: body.into(),
            reply_to: None,
            correlation_id: None,
            redelivered: false,
        }
    }

    fn letter(body: impl Into<Bytes>) -> DeadLetter {
        let outgoing = dead_letter("jobs", "because", &incoming(body));
        assert_eq!(outgoing.kind, "kaseya_sync.v1.DeadLetter");
        messages::decode(Some(outgoing.kind), &outgoing.body).expect("a letter of ours")
    }

    #[test]
    fn says_why_and_keeps_the_start_and_the_hash_of_all() {
        let letter = letter("abc");
        assert_eq!(letter.queue, "jobs");
        assert_eq!(letter.reason, "because");
        assert_eq!(letter.body_sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(letter.body_bytes, Some(3));
        assert_eq!(letter.body_start, Some(BodyStart::Text("abc".into())));
    }

    #[test]
    fn a_character_split_by_the_cut_is_no_binary() {
        let body = "a".to_owned() + &"ü".repeat(150_000);
        let Some(BodyStart::Text(text)) = letter(body).body_start else { panic!("not text") };
        assert_eq!(text.len(), 4095);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_as_they_are() {
        let bytes = vec![0xff_u8; 300_000];
        let letter = letter(bytes);
        assert_eq!(letter.body_bytes, Some(300_000));
        assert_eq!(letter.body_start, Some(BodyStart::Binary(vec![0xff_u8; 4096])));
    }

    #[test]
    fn what_a_consumer_would_take_is_kept_whole() {
        let body = "x".repeat(MAX_MESSAGE_BYTES);
        assert_eq!(letter(body.clone()).body_start, Some(BodyStart::Text(body)));
    }

    #[test]
    fn the_same_message_gives_the_same_id_and_another_queue_another() {
        let message = incoming("abc");
        let id = |queue| dead_letter(queue, "because", &message).id;
        assert_eq!(id("jobs"), id("jobs"));
        assert_ne!(id("jobs"), id("counts"));
    }
}
