//! An entry point for fuzzing: how deliveries are read is private, so this feeds it from outside. Exists only with
//! the feature `fuzzing`, which only the fuzz tests enable.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};

use crate::properties::{incoming, short};

/// A delivery with these bytes in every property and header that an external sender can set.
pub fn properties(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let text = short(&text);
    let mut headers = FieldTable::default();
    headers.insert("traceparent".into(), AMQPValue::LongString(bytes.into()));
    headers.insert("tracestate".into(), AMQPValue::ShortString(text.clone()));
    headers.insert(text.clone(), AMQPValue::LongString(bytes.into()));
    let properties = BasicProperties::default()
        .with_message_id(text.clone())
        .with_type(text.clone())
        .with_reply_to(text.clone())
        .with_correlation_id(text)
        .with_headers(headers);
    let came = incoming(&properties, bytes.to_vec(), false);
    assert_eq!(came.body, bytes);
}
