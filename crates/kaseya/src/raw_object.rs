//! An object of an answer as it came, byte for byte: what is sent back of it is what Kaseya wrote, `3.50` and not `3.5`.

use std::fmt;

use domain::AnswerFault;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::{Value, value::RawValue};

use crate::fields::{Object, Problem};

/// Names and values in their order, the values as they were written.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawObject(Vec<(String, Box<RawValue>)>);

/// The same text.
impl PartialEq for RawObject {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl RawObject {
    /// Names, and values as they are written.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The values read, to be looked at. Two spellings of one name would be two truths, and one of them would be written
    /// back: such an object is an error.
    pub fn read(&self) -> Result<Object, Problem> {
        let mut names: Vec<String> = self.0.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(AnswerFault::LineFieldTwice);
        }
        let read = |(name, value): &(String, Box<RawValue>)| {
            let value: Value =
                serde_json::from_str(value.get()).map_err(|_| AnswerFault::LineFieldUnreadable)?;
            Ok((name.clone(), value))
        };
        self.0.iter().map(read).collect()
    }

    /// The object as it goes out.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("names and JSON texts are JSON")
    }

    /// The object with one value changed in its place, or added at the end.
    pub fn set(&mut self, name: &str, value: &Value) {
        let written = RawValue::from_string(value.to_string()).expect("a value's own text is JSON");
        match self.0.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some((_, place)) => *place = written,
            None => self.0.push((name.to_owned(), written)),
        }
    }
}

impl Serialize for RawObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = RawObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawObject, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(RawObject(fields))
    }
}

/// The rows of an answer's result as they came. `body` is an answer that was read as a success before.
pub(crate) fn rows(body: &[u8]) -> Result<Vec<RawObject>, Problem> {
    let rows: Rows = serde_json::from_slice(body).map_err(|_| AnswerFault::NoList)?;
    rows.0.ok_or(AnswerFault::NoList)
}

struct Rows(Option<Vec<RawObject>>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfEnvelope)
    }
}

struct OfEnvelope;

impl<'de> Visitor<'de> for OfEnvelope {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope with a list as its result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if !name.eq_ignore_ascii_case("result") {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value()?).is_some() {
                return Err(serde::de::Error::duplicate_field("result"));
            }
        }
        Ok(Rows(found))
    }
}
