//! What a call brings: its body, its query, and where a list goes on.

use std::fmt;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::CompanyId;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor},
};

use super::problem::{FieldMistake, Problem};
use crate::{Portal, language};

/// The most bytes of a body: 10,000 companies with their counts have a quarter of it.
pub(crate) const MAX_BODY: usize = 16 * 1024 * 1024;

/// A body of JSON. What cannot be read is told with the field that it is in.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Portal> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::NotJson);
        }
        read(&bytes(request, portal).await?).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The bytes of a body that is not too large.
pub(crate) async fn bytes(request: Request, portal: &Portal) -> Result<Bytes, Problem> {
    Bytes::from_request(request, portal).await.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::TooLarge(MAX_BODY)
        } else {
            Problem::Body(FieldMistake::new("", "unreadable", error.into_response().status()))
        }
    })
}

/// The most characters of any text of a body: what is stored has tighter bounds.
const MAX_TEXT: usize = 4_000;

/// Any JSON, whose texts all keep to the one rule for texts.
struct PlainTexts;

impl<'de> Deserialize<'de> for PlainTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for PlainTexts {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self, E> {
        domain::check_text(text, MAX_TEXT).map(|()| self).map_err(E::custom)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            domain::check_text(&name, MAX_TEXT).map_err(de::Error::custom)?;
            map.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// Refuses a text that no text may be, with the field that it is in. What is no JSON is refused by whoever reads it.
fn check_texts(bytes: &Bytes) -> Result<(), Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, PlainTexts>(&mut json) {
        Err(error) if error.inner().classify() == serde_json::error::Category::Data => {
            let field = error.path().to_string();
            let said = error.into_inner().to_string();
            // Drop the line and column in the body: the field's name says where the error is.
            let detail = said.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Problem::Mistakes(vec![FieldMistake::new(field, "text", detail)]))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Problem> {
    check_texts(bytes)?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // The body itself has no name.
        let field = if path == "." { String::new() } else { path };
        Problem::Body(FieldMistake::new(field, "unreadable", error.into_inner()))
    })?;
    json.end().map_err(|error| Problem::Body(FieldMistake::new("", "unreadable", error)))?;
    Ok(body)
}

/// What is asked for in the address.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Portal> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, portal).await;
        query.map(|Query(query)| Self(query)).map_err(|error| Problem::Query(error.body_text()))
    }
}

/// Where a list goes on: a text that only the list itself understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Cursor(pub i64);

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(i64::from_be_bytes(bytes))).ok_or("no list of ours has given this cursor")
    }
}

impl From<Cursor> for String {
    fn from(Cursor(place): Cursor) -> Self {
        URL_SAFE_NO_PAD.encode(place.to_be_bytes())
    }
}

/// How many a page of a list has where nobody asks.
const SIZE: u32 = 100;
/// The most that a page of a list has.
pub(crate) const MOST: u32 = 1_000;

/// The size of a page that is asked for.
pub(crate) fn size(asked: Option<u32>) -> Result<u32, Problem> {
    let size = asked.unwrap_or(SIZE);
    if (1..=MOST).contains(&size) {
        Ok(size)
    } else {
        Err(Problem::Query(format!("size: write a whole number from 1 to {MOST}")))
    }
}

/// Where the list goes on after a page, if the page is full.
pub(crate) fn next<T>(page: &[T], size: u32, place: impl Fn(&T) -> i64) -> Option<Cursor> {
    let is_full = u32::try_from(page.len()).is_ok_and(|read| read == size);
    page.last().filter(|_| is_full).map(|last| Cursor(place(last)))
}

/// What a word of the query stands for; the first where nothing is said.
pub(crate) fn named<T: Copy>(known: &[(T, &str)], field: &str, word: Option<&str>) -> Result<T, Problem> {
    let Some(word) = word else { return Ok(known[0].0) };
    let found = known.iter().find(|(_, name)| *name == word).map(|(value, _)| *value);
    found.ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(_, word)| *word).collect();
        Problem::Query(format!("{field}: write one of {}", words.join(", ")))
    })
}

/// The id of a company in an address.
pub(crate) fn company_id(text: String) -> Result<CompanyId, Problem> {
    CompanyId::new(text).map_err(|_| Problem::NotFound)
}

/// The language that a caller wants to read.
pub(crate) fn language(headers: &HeaderMap) -> advice::Language {
    language::accepted(headers).unwrap_or(advice::Language::English)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is_one() {
        let text = String::from(Cursor(12_345));
        assert_eq!(Cursor::try_from(text), Ok(Cursor(12_345)));
        for wrong in ["", "12345", "AAAA", "AAAAAAAAAAAAAA", "é"] {
            assert!(Cursor::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unreadable_body_names_its_field() {
        #[derive(Debug, Deserialize)]
        struct Row {
            #[expect(dead_code, reason = "only its type is asked for")]
            name: String,
        }
        let mistake = |text: &'static str| match read::<Vec<Row>>(&Bytes::from_static(text.as_bytes())) {
            Err(Problem::Body(mistake)) => mistake.field,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(mistake(r#"[{"name":"a"},{"name":7}]"#), "[1].name");
        assert_eq!(mistake("[] more"), "");
        assert_eq!(mistake(""), "");
    }
}
