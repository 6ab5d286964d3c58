//! Fields of an answer's objects: names in any case; unknown names are ignored.

use domain::AnswerFault;
use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};

pub(crate) type Object = Map<String, Value>;

/// What is wrong with a field; reported in a [`crate::BmsError::Garbled`].
pub(crate) type Problem = AnswerFault;

/// The name as it is spelled here, and the value.
pub(crate) fn entry<'a>(object: &'a Object, name: &str) -> Option<(&'a String, &'a Value)> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))
}

/// The value, unless it is missing or null.
pub(crate) fn get<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    entry(object, name).map(|(_, value)| value).filter(|value| !value.is_null())
}

/// The value at a path of names with dots between, unless it is missing or null.
pub(crate) fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let value = get(object, name)?;
    rest.map_or(Some(value), |rest| at(value.as_object()?, rest))
}

pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    get(object, name).and_then(Value::as_str)
}

/// An id: a 32-bit whole number, like Kaseya's.
pub(crate) fn id(object: &Object, name: &str, problem: Problem) -> Result<i32, Problem> {
    let number = at(object, name).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
    number.ok_or(problem)
}

/// Whether a value is this id, as a number or a text; an empty text is no other id.
pub(crate) fn names(value: &Value, asked: i32) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty() || text.trim().parse() == Ok(asked),
        value => value.as_f64() == Some(asked.into()),
    }
}

/// Checks that a row names no other thing in this field than the requested one. A row without the field names none.
pub(crate) fn names_no_other(object: &Object, name: &str, asked: i32) -> Result<(), Problem> {
    let same = at(object, name).is_none_or(|value| names(value, asked));
    let account = name.to_ascii_lowercase().contains("account");
    let fault = if account { AnswerFault::OtherAccount } else { AnswerFault::OtherContract };
    if same { Ok(()) } else { Err(fault) }
}

pub(crate) fn flag(object: &Object, name: &str, problem: Problem) -> Result<bool, Problem> {
    get(object, name).and_then(Value::as_bool).ok_or(problem)
}

/// A date that may be missing. It is a calendar date: the time and zone after it are dropped, and no zone is shifted.
pub(crate) fn date(object: &Object, name: &str, problem: Problem) -> Result<Option<Date>, Problem> {
    let Some(value) = get(object, name) else { return Ok(None) };
    let text = value.as_str().ok_or(problem)?;
    let day = day(text).ok_or(problem)?;
    // Kaseya writes an unset date as year 1.
    Ok((day.year() > 1).then_some(day))
}

/// The calendar date that a text begins with.
pub(crate) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// An instant; without an offset it is taken for UTC.
pub(crate) fn instant(object: &Object, name: &str) -> Option<Timestamp> {
    let text = text(object, name)?;
    text.parse()
        .ok()
        .or_else(|| Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}
