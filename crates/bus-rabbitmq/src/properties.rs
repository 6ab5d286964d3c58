//! Messages in AMQP's form.

use bus::{Incoming, Outgoing, TraceContext};
use domain::Entropy;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};
use uuid::Uuid;

/// The maximum size of an AMQP short string, in bytes.
const SHORT_STRING: usize = 255;
/// Longer trace headers are invalid and are left out.
const LONGEST_TRACE_HEADER: usize = 512;
/// Kept across a restart of the broker.
const PERSISTENT: u8 = 2;

/// A random UUID, for names that only need to differ.
pub(crate) fn random_uuid(entropy: &Entropy) -> Uuid {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The text as a short string, cut if it is too long.
pub(crate) fn short(text: &str) -> ShortString {
    let end = text.floor_char_boundary(SHORT_STRING);
    ShortString::from(&text[..end])
}

/// The properties of a message of ours.
pub(crate) fn of(message: &Outgoing) -> BasicProperties {
    let mut headers = FieldTable::default();
    let trace = [("traceparent", &message.trace.traceparent), ("tracestate", &message.trace.tracestate)];
    for (name, value) in trace {
        if let Some(value) = value {
            headers.insert(name.into(), AMQPValue::LongString(value.as_str().into()));
        }
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(message.id.to_string().into())
        .with_type(message.kind.into())
        .with_headers(headers)
}

/// A delivery in the bus's form.
pub(crate) fn incoming(properties: &BasicProperties, body: Vec<u8>, redelivered: bool) -> Incoming {
    let header = |name: &str| {
        let bytes = match properties.headers().as_ref()?.inner().get(name)? {
            AMQPValue::LongString(text) => text.as_bytes(),
            AMQPValue::ShortString(text) => text.as_str().as_bytes(),
            _ => return None,
        };
        let text = std::str::from_utf8(bytes).ok()?;
        (text.len() <= LONGEST_TRACE_HEADER).then(|| text.to_owned())
    };
    let text = |text: &Option<ShortString>| text.as_ref().map(|text| text.as_str().to_owned());
    Incoming {
        id: text(properties.message_id()),
        kind: text(properties.kind()),
        user: text(properties.user_id()),
        app: text(properties.app_id()),
        trace: TraceContext { traceparent: header("traceparent"), tracestate: header("tracestate") },
        body: body.into(),
        reply_to: text(properties.reply_to()),
        correlation_id: text(properties.correlation_id()),
        redelivered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_out_as_it_went_in() {
        let trace = TraceContext { traceparent: Some("00-a-b-01".into()), tracestate: Some("k=v".into()) };
        let message = Outgoing {
            id: Uuid::nil(),
            kind: "kaseya_sync.v1.JobReady",
            trace: trace.clone(),
            body: "{}".into(),
        };
        let came = incoming(&of(&message), b"{}".to_vec(), true);
        assert_eq!(came.id.as_deref(), Some("00000000-0000-0000-0000-000000000000"));
        assert_eq!(came.kind.as_deref(), Some("kaseya_sync.v1.JobReady"));
        assert_eq!(came.trace, trace);
        assert_eq!(&came.body[..], b"{}");
        assert!(came.redelivered);
    }

    #[test]
    fn a_strangers_headers_are_taken_only_when_they_are_texts_of_a_sensible_length() {
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString(vec![0xff].into()));
        headers.insert("tracestate".into(), AMQPValue::LongString("x".repeat(513).into()));
        let came = incoming(&BasicProperties::default().with_headers(headers), Vec::new(), false);
        assert_eq!(came.trace, TraceContext::default());
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongInt(1));
        let came = incoming(&BasicProperties::default().with_headers(headers), Vec::new(), false);
        assert_eq!((came.id, came.kind, came.trace), (None, None, TraceContext::default()));
    }

    #[test]
    fn case_f7_who_published_it_comes_with_a_message() {
        let named =
            BasicProperties::default().with_user_id("provider".into()).with_app_id("counts 2.1".into());
        let came = incoming(&named, Vec::new(), false);
        assert_eq!((came.user.as_deref(), came.app.as_deref()), (Some("provider"), Some("counts 2.1")));
        let came = incoming(&BasicProperties::default(), Vec::new(), false);
        assert_eq!((came.user, came.app), (None, None));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(short(&"ü".repeat(200)).as_str().len(), 254);
    }
}
