//! Rewrites the frames that lapin cannot read.
//!
//! AMQP fixes no encoding for short strings, and the broker passes on whatever a publisher wrote. lapin reads only
//! UTF-8: one message with a Latin-1 `app_id` would end the connection of all intakes, again at each redelivery.
//! Unreadable properties are therefore replaced by a header with the reason, and the message becomes a dead letter
//! with its body (D3). All other frames pass byte for byte.

use std::io;

use lapin::{BasicProperties, protocol::basic, types::AMQPValue};

/// The longest frame, negotiated when the connection is made; RabbitMQ offers the same unless configured otherwise.
pub(crate) const FRAME_MAX: u32 = 128 * 1024;
/// The header that replaces unreadable properties; its value is the reason.
const UNREADABLE: &str = "x-kaseya-sync-unreadable";
/// Type, channel and size before a frame's payload.
const HEAD: usize = 7;
/// The byte that ends a frame.
const END: usize = 1;
const METHOD: u8 = 1;
const HEADER: u8 = 2;
/// The class `basic`, and its method `deliver`.
const BASIC: [u8; 2] = [0, 60];
const DELIVER: [u8; 4] = [0, 60, 0, 60];

/// Why a message's properties could not be read, if they could not.
pub(crate) fn unreadable(properties: &BasicProperties) -> Option<String> {
    match properties.headers().as_ref()?.inner().get(UNREADABLE)? {
        // A publisher can set this header too.
        AMQPValue::LongString(why) => {
            let why = String::from_utf8_lossy(why.as_bytes());
            Some(why.chars().filter(|char| !char.is_control()).take(200).collect())
        }
        _ => None,
    }
}

/// Takes bytes as they arrive and returns them with readable frames.
#[derive(Default)]
pub(crate) struct FrameFilter {
    /// Less than a frame.
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// How much of `outgoing` has been returned.
    given: usize,
    /// The stream does not consist of frames (the broker refuses the protocol): it passes unchanged.
    foreign: bool,
}

impl FrameFilter {
    /// Fills `out` from the ready bytes; `None` if there are none.
    pub(crate) fn give(&mut self, out: &mut [u8]) -> Option<usize> {
        let ready = &self.outgoing[self.given..];
        if ready.is_empty() {
            return None;
        }
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.given += length;
        if self.given == self.outgoing.len() {
            self.outgoing.clear();
            self.given = 0;
        }
        Some(length)
    }

    /// Fails on a frame longer than [`FRAME_MAX`]: waiting for its end would take any amount of memory.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.incoming.extend_from_slice(bytes);
        let mut done = 0;
        while !self.foreign {
            let Some(head) = self.incoming[done..].first_chunk::<HEAD>() else { break };
            if !matches!(head[0], 1 | 2 | 3 | 8) {
                self.foreign = true;
                break;
            }
            let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
            let whole = HEAD + size + END;
            if whole > FRAME_MAX as usize {
                let told =
                    format!("the broker sends a frame of {whole} bytes, more than the agreed {FRAME_MAX}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, told));
            }
            let Some(frame) = self.incoming[done..].get(..whole) else { break };
            match rewritten(frame[0], &frame[HEAD..HEAD + size]) {
                None => self.outgoing.extend_from_slice(frame),
                Some(payload) => {
                    self.outgoing.extend_from_slice(&frame[..3]);
                    self.outgoing.extend_from_slice(&(payload.len() as u32).to_be_bytes());
                    self.outgoing.extend_from_slice(&payload);
                    self.outgoing.push(frame[HEAD + size]);
                }
            }
            done += whole;
        }
        if self.foreign {
            self.outgoing.extend_from_slice(&self.incoming[done..]);
            done = self.incoming.len();
        }
        self.incoming.drain(..done);
        Ok(())
    }

    /// The stream has ended: half a frame is returned unchanged.
    pub(crate) fn end(&mut self) {
        self.outgoing.append(&mut self.incoming);
    }
}

/// The payload that replaces an unreadable one.
fn rewritten(kind: u8, payload: &[u8]) -> Option<Vec<u8>> {
    match kind {
        // Class, weight and the body's size precede the properties.
        HEADER if payload.starts_with(&BASIC) && payload.len() >= 12 => {
            let (fixed, properties) = payload.split_at(12);
            if matches!(basic::parse_properties(properties), Ok((rest, _)) if rest.is_empty()) {
                return None;
            }
            let mut payload = fixed.to_vec();
            payload.extend_from_slice(&only_headers(&why(properties)));
            Some(payload)
        }
        METHOD if payload.starts_with(&DELIVER) => {
            let (ids, arguments) = payload.split_at(4);
            if basic::parse_deliver(arguments).is_ok() {
                return None;
            }
            // Consumer tag, delivery tag and a flag stay. Exchange and routing key go: nothing here depends on them.
            let kept = 1 + usize::from(*arguments.first()?) + 8 + 1;
            let mut payload = ids.to_vec();
            payload.extend_from_slice(arguments.get(..kept)?);
            payload.extend_from_slice(&[0, 0]);
            Some(payload)
        }
        _ => None,
    }
}

/// Properties with only the header [`UNREADABLE`].
fn only_headers(why: &str) -> Vec<u8> {
    let mut table = vec![UNREADABLE.len() as u8];
    table.extend_from_slice(UNREADABLE.as_bytes());
    table.push(b'S');
    table.extend_from_slice(&(why.len() as u32).to_be_bytes());
    table.extend_from_slice(why.as_bytes());
    let mut properties = vec![0x20, 0x00];
    properties.extend_from_slice(&(table.len() as u32).to_be_bytes());
    properties.append(&mut table);
    properties
}

/// Names the property at fault if it can be found.
fn why(properties: &[u8]) -> String {
    /// In the order of their flags. `None` is a short string, 0 a table, any other number the bytes of a fixed length.
    const PROPERTIES: [(&str, Option<usize>); 14] = [
        ("content_type", None),
        ("content_encoding", None),
        ("headers", Some(0)),
        ("delivery_mode", Some(1)),
        ("priority", Some(1)),
        ("correlation_id", None),
        ("reply_to", None),
        ("expiration", None),
        ("message_id", None),
        ("timestamp", Some(8)),
        ("type", None),
        ("user_id", None),
        ("app_id", None),
        ("cluster_id", None),
    ];
    let read = || -> Option<String> {
        let (flags, mut rest) = properties.split_first_chunk::<2>()?;
        let flags = u16::from_be_bytes(*flags);
        for (at, (name, length)) in PROPERTIES.iter().enumerate() {
            if flags & (0x8000 >> at) == 0 {
                continue;
            }
            let length = match length {
                Some(0) => {
                    let (length, after) = rest.split_first_chunk::<4>()?;
                    rest = after;
                    u32::from_be_bytes(*length) as usize
                }
                Some(length) => *length,
                None => {
                    let (length, after) = rest.split_first()?;
                    rest = after;
                    usize::from(*length)
                }
            };
            let (value, after) = rest.split_at_checked(length)?;
            if PROPERTIES[at].1.is_none() && std::str::from_utf8(value).is_err() {
                return Some(format!("{name}: the property is not UTF-8; write it as UTF-8 or leave it out"));
            }
            rest = after;
        }
        None
    };
    read().unwrap_or_else(|| {
        "the message's AMQP properties cannot be read; leave out those that are not needed".to_owned()
    })
}

#[cfg(test)]
mod tests;
