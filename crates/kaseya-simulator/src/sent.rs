//! The fields of a JSON object in a request. Names are case-insensitive.

use jiff::civil::{Date, date};
use serde_json::{Map, Value};

use crate::{State, WriteRefused, fields::Fields, refusal::Refusal};

/// An object in a request.
#[derive(Debug, Default)]
pub(crate) struct Sent(pub Map<String, Value>);

impl Sent {
    /// The value of a name, even null.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A field that must be present, even if null.
    pub fn field(&self, name: &str) -> Result<&Value, Refusal> {
        self.raw(name).ok_or_else(|| Refusal::Bad(format!("{name} is missing")))
    }

    /// Absent and null mean the same.
    fn optional<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Refusal> {
        match self.raw(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| not_valid(name)),
        }
    }

    /// A whole number, if one was sent.
    pub fn integer(&self, name: &str) -> Result<Option<i32>, Refusal> {
        self.optional(name, |value| value.as_i64().and_then(|number| i32::try_from(number).ok()))
    }

    /// A number, if one was sent.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.optional(name, Value::as_f64)
    }

    /// True or false, if one was sent.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.optional(name, Value::as_bool)
    }

    /// A text, if one was sent.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.optional(name, |value| value.as_str().map(str::to_owned))
    }

    /// Texts, if any were sent.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = self.optional(name, |value| value.as_array()?.iter().map(text).collect())?;
        Ok(texts.unwrap_or_default())
    }

    /// The calendar date at the start of a text, whatever time follows, if one was sent.
    pub fn date(&self, name: &str) -> Result<Option<Date>, Refusal> {
        self.optional(name, |value| calendar_date(value.as_str()?))
    }

    /// The same, but an absent date becomes the earliest one, as in .NET.
    pub fn bound_date(&self, name: &str) -> Result<Date, Refusal> {
        Ok(self.date(name)?.unwrap_or(date(1, 1, 1)))
    }

    /// An object, if one was sent.
    pub fn object(&self, name: &str) -> Result<Self, Refusal> {
        Ok(Self(self.optional(name, |value| value.as_object().cloned())?.unwrap_or_default()))
    }

    /// Objects, if any were sent.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, Refusal> {
        let object = |value: &Value| value.as_object().cloned().map(Self);
        let objects = self.optional(name, |value| value.as_array()?.iter().map(object).collect())?;
        Ok(objects.unwrap_or_default())
    }

    /// Units: whole, or truncated if the tenant does so.
    pub fn units(&self, state: &State) -> Result<Option<f64>, Refusal> {
        let truncates = state.behaviour.lines.truncates_fractions;
        let whole = |units: &Value| {
            let cut = || units.as_f64().filter(|_| truncates).map(|units| units.trunc() as i64);
            units.as_i64().or_else(cut).and_then(|units| i32::try_from(units).ok())
        };
        match self.raw("Units") {
            None => Ok(None),
            Some(units) => match whole(units) {
                Some(units) => Ok(Some(f64::from(units))),
                None => Err(Refusal::Bad(WriteRefused::Fraction.to_string())),
            },
        }
    }
}

/// A required field.
pub(crate) fn required<T>(name: &str, sent: Option<T>) -> Result<T, Refusal> {
    sent.ok_or_else(|| Refusal::Bad(format!("{name} is missing")))
}

pub(crate) fn calendar_date(text: &str) -> Option<Date> {
    text.split_once('T').map_or(text, |(day, _)| day).parse().ok()
}

pub(crate) fn not_valid(name: &str) -> Refusal {
    Refusal::Bad(format!("{name} is not valid"))
}

impl Fields {
    /// The calendar date with this name, if one was sent.
    pub fn date(&self, name: &str) -> Result<Option<Date>, Refusal> {
        self.text(name).map(|text| calendar_date(text).ok_or_else(|| not_valid(name))).transpose()
    }
}
