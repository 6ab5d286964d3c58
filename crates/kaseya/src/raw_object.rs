//! An object of an answer, byte for byte. What is sent back is exactly what Kaseya wrote: `3.50` and not `3.5`.

use std::fmt;

use domain::AnswerFault;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::{Value, value::RawValue};

use crate::fields::{Object, Problem};

/// Names and values in their order; the values as they were written.
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

    /// Parses the values. Two spellings of one name would be two truths, and one of them would be written back: such
    /// an object is an error.
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

    /// The name as spelled here, or `name` if there is no such field.
    pub fn spelling<'a>(&'a self, name: &'a str) -> &'a str {
        self.texts().map(|(key, _)| key).find(|key| key.eq_ignore_ascii_case(name)).unwrap_or(name)
    }

    /// Whether a field of this name exists, even with null.
    pub fn has(&self, name: &str) -> bool {
        self.texts().any(|(key, _)| key.eq_ignore_ascii_case(name))
    }

    /// A field read as what it should be.
    pub fn value<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let (_, text) = self.texts().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        serde_json::from_str(text).ok()
    }

    /// Changes one value in its place, or adds it at the end.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        let written =
            serde_json::value::to_raw_value(value).expect("values and objects that were read are JSON");
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

/// The raw value at a path of field names in an answer. A field that comes twice is an error.
pub(crate) fn at_path<T: DeserializeOwned>(body: &[u8], path: &[String]) -> Result<T, Problem> {
    let no_list = |_| AnswerFault::NoList;
    let mut text: Box<RawValue> = serde_json::from_slice(body).map_err(no_list)?;
    for name in path {
        let object: RawObject = serde_json::from_str(text.get()).map_err(no_list)?;
        let mut found = object.0.into_iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        text = match (found.next(), found.next()) {
            (Some((_, value)), None) => value,
            _ => return Err(AnswerFault::NoList),
        };
    }
    serde_json::from_str(text.get()).map_err(no_list)
}
