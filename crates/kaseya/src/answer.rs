//! What an answer says, in whichever envelope it comes.

use bytes::Bytes;
use egress::Response;
use serde_json::Value;

use crate::fields::{self, Object, Problem};

/// How an answer is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `success`, `error`, `result`, and `totalRecords` of paged calls.
    V2,
    /// `Status`, `Error`, `Result`, `TotalRecords`.
    V1,
    /// The object itself, as V1's token call answers.
    Plain,
}

/// What an answer says.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Done.
    Success(Success),
    /// 401, or its code inside an answer.
    Unauthorized(String),
    /// 403 in Kaseya's manner.
    Forbidden(String),
    /// 429, with what `retry-after` says.
    Limited(Option<String>),
    /// 5xx.
    Server(String),
    /// A web page or the like.
    NotKaseya,
    /// It should be Kaseya's, and cannot be read.
    Garbled(Problem),
    /// No, with the status and Kaseya's words.
    Refused(u16, String),
}

/// What a call gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Success {
    /// The result; null stays null.
    pub result: Value,
    /// How many there are in all, where it says so.
    pub total: Option<u64>,
    /// The whole answer as it came.
    pub body: Bytes,
}

impl Success {
    /// The rows of a list. No list is never an empty one: it would say that nothing is there.
    pub fn rows(&self) -> Result<Vec<&Object>, Problem> {
        let rows = self.result.as_array().ok_or("the answer has no list")?;
        rows.iter().map(|row| row.as_object().ok_or("a row of the list is no object")).collect()
    }
}

/// "Security Error": the code of a missing or expired token.
const TOKEN_CODE: i64 = 978_001;

/// What the limit's answer holds as its code, where it comes with another status than 429 (a guess: nobody has shown one).
const LIMIT_CODE: i64 = 429;

/// Reads an answer.
pub(crate) fn read(response: &Response, envelope: Envelope) -> Verdict {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let object = body.as_ref().and_then(Value::as_object);
    let words = || object.map(words).unwrap_or_default();
    match response.status {
        429 => return Verdict::Limited(response.retry_after.clone()),
        500.. => return Verdict::Server(words()),
        401 => return Verdict::Unauthorized(words()),
        _ if object.is_none() && is_page(response) => return Verdict::NotKaseya,
        403 => return Verdict::Forbidden(words()),
        200..=299 => {}
        status => return Verdict::Refused(status, words()),
    }
    let Some(object) = object else { return Verdict::Garbled("the answer is not a JSON object") };
    let done = match envelope {
        Envelope::Plain => Ok(fields::get(object, "error").is_none()),
        Envelope::V2 => fields::flag(object, "success", "the answer does not say whether it succeeded"),
        Envelope::V1 => v1_done(object),
    };
    match done {
        Err(problem) => Verdict::Garbled(problem),
        Ok(false) if error_code(object) == Some(TOKEN_CODE) => Verdict::Unauthorized(words()),
        Ok(false) if error_code(object) == Some(LIMIT_CODE) => Verdict::Limited(response.retry_after.clone()),
        Ok(false) => Verdict::Refused(response.status, words()),
        Ok(true) if envelope == Envelope::Plain => Verdict::Success(Success {
            result: Value::Object(object.clone()),
            total: None,
            body: response.body.clone(),
        }),
        Ok(true) => Verdict::Success(Success {
            result: fields::get(object, "result").cloned().unwrap_or_default(),
            total: fields::get(object, "totalRecords").and_then(Value::as_u64),
            body: response.body.clone(),
        }),
    }
}

fn v1_done(object: &Object) -> Result<bool, Problem> {
    let status = fields::text(object, "Status").ok_or("the answer does not say whether it succeeded")?;
    let error = fields::text(object, "Error").unwrap_or_default();
    Ok(status.eq_ignore_ascii_case("ok") && (error.is_empty() || error.eq_ignore_ascii_case("none")))
}

fn is_page(response: &Response) -> bool {
    let says = response.content_type.as_ref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    says || response.body.trim_ascii_start().starts_with(b"<")
}

/// V2's code stands in its error object, V1's beside the words.
fn error_code(object: &Object) -> Option<i64> {
    let inner = fields::get(object, "error").and_then(Value::as_object);
    inner
        .and_then(|error| fields::get(error, "code"))
        .or_else(|| fields::get(object, "ResponseCode"))?
        .as_i64()
}

/// All that an answer says in words, in any of the manners seen or feared: V2's error object, V1's texts, OAuth's
/// description, the framework's problem details.
fn words(object: &Object) -> String {
    let mut said: Vec<&str> = Vec::new();
    let inner = fields::get(object, "error").and_then(Value::as_object);
    for object in inner.into_iter().chain([object]) {
        for name in ["message", "details", "error", "error_description", "title", "detail"] {
            said.extend(fields::text(object, name));
        }
        if let Some(Value::Array(list)) = fields::get(object, "subErrors") {
            said.extend(list.iter().filter_map(Value::as_str));
        }
        if let Some(Value::Object(errors)) = fields::get(object, "errors") {
            let lists = errors.values().filter_map(Value::as_array);
            said.extend(lists.flatten().filter_map(Value::as_str));
        }
    }
    said.retain(|words| !words.eq_ignore_ascii_case("none"));
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn response(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response {
        let content_type = Some(content_type.to_owned());
        Response { status, content_type, retry_after: Some("60".to_owned()), body: body.into() }
    }

    fn json_read(status: u16, envelope: Envelope, body: &Value) -> Verdict {
        read(&response(status, "application/json", body.to_string()), envelope)
    }

    #[test]
    fn success_is_found_in_any_case_and_unknown_fields_are_ignored() {
        for body in [
            json!({"success": true, "error": null, "result": [1], "totalRecords": 7, "new": {}}),
            json!({"Success": true, "Result": [1], "TotalRecords": 7}),
            json!({"SUCCESS": true, "RESULT": [1], "TOTALRECORDS": 7}),
        ] {
            let success = Success { result: json!([1]), total: Some(7), body: body.to_string().into() };
            assert_eq!(json_read(200, Envelope::V2, &body), Verdict::Success(success));
        }
        for body in [
            json!({"ResponseCode": 0, "Status": "OK", "Error": "None", "Result": [1]}),
            json!({"status": "ok", "error": null, "result": [1]}),
        ] {
            let success = Success { result: json!([1]), total: None, body: body.to_string().into() };
            assert_eq!(json_read(200, Envelope::V1, &body), Verdict::Success(success));
        }
    }

    #[test]
    fn a_200_that_says_no_is_a_refusal_with_its_words() {
        let body = json!({"success": false, "error":
            {"code": 5, "message": "Bad", "details": "units", "stackStrace": "secret", "subErrors": ["a", "b"]}});
        assert_eq!(json_read(200, Envelope::V2, &body), Verdict::Refused(200, "Bad; units; a; b".into()));
        let body = json!({"Status": "OK", "Error": "Locked", "Result": {}});
        assert_eq!(json_read(200, Envelope::V1, &body), Verdict::Refused(200, "Locked".into()));
        let body = json!({"Status": "BadRequest", "Error": "None"});
        assert_eq!(json_read(200, Envelope::V1, &body), Verdict::Refused(200, String::new()));
        let body = json!({"error": "invalid_grant", "error_description": "wrong"});
        assert_eq!(
            json_read(400, Envelope::Plain, &body),
            Verdict::Refused(400, "invalid_grant; wrong".into())
        );
        let body = json!({"title": "Invalid", "errors": {"Units": ["not whole"]}});
        assert_eq!(json_read(400, Envelope::V2, &body), Verdict::Refused(400, "Invalid; not whole".into()));
    }

    #[test]
    fn a_token_problem_is_told_apart_also_inside_a_200() {
        let body = json!({"success": false, "error": {"code": 978_001, "message": "Security Error"}});
        for status in [200, 401] {
            assert_eq!(
                json_read(status, Envelope::V2, &body),
                Verdict::Unauthorized("Security Error".into())
            );
        }
        assert_eq!(
            read(&response(401, "text/html", "<html>"), Envelope::V2),
            Verdict::Unauthorized(String::new())
        );
    }

    #[test]
    fn pages_and_broken_answers_are_no_success() {
        for (status, verdict) in [
            (200, Verdict::NotKaseya),
            (404, Verdict::NotKaseya),
            (403, Verdict::NotKaseya),
            (502, Verdict::Server(String::new())),
            (429, Verdict::Limited(Some("60".into()))),
        ] {
            assert_eq!(read(&response(status, "text/html", "<html>"), Envelope::V2), verdict);
            assert_eq!(read(&response(status, "text/plain", "\r\n <!DOCTYPE html>"), Envelope::V2), verdict);
        }
        for body in [
            "",
            "{\"success\": true, \"resu",
            "[]",
            "null",
            "true",
            "{}",
            "{\"success\": 1}",
            "{\"success\": null}",
        ] {
            assert!(
                matches!(read(&response(200, "application/json", body), Envelope::V2), Verdict::Garbled(_)),
                "{body}"
            );
        }
        assert!(matches!(json_read(200, Envelope::V1, &json!({"Result": []})), Verdict::Garbled(_)));
    }

    #[test]
    fn a_null_or_missing_list_is_not_an_empty_one() {
        for body in [
            json!({"success": true, "result": null}),
            json!({"success": true}),
            json!({"success": true, "result": {}}),
        ] {
            let Verdict::Success(success) = json_read(200, Envelope::V2, &body) else { panic!("{body}") };
            assert!(success.rows().is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_never_as_success_by_chance(
            status in 100_u16..1000, body in prop::collection::vec(any::<u8>(), 0..200), kind in ".{0,30}",
        ) {
            for envelope in [Envelope::V2, Envelope::V1, Envelope::Plain] {
                let verdict = read(&response(status, &kind, body.clone()), envelope);
                let has_object = body.contains(&b'\x7b');
                prop_assert!(has_object || !matches!(verdict, Verdict::Success(_)));
            }
        }

        #[test]
        fn any_json_in_the_place_of_any_field_is_read_without_panic(
            status in prop::sample::select(vec![200_u16, 400, 401, 403, 404, 429, 500]),
            names in prop::collection::vec(
                prop::sample::select(vec!["success", "Status", "error", "Error", "result", "totalRecords", "code"]), 0..5),
            values in prop::collection::vec(crate::lines::tests::any_json(), 5),
        ) {
            let object: Object = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
            for envelope in [Envelope::V2, Envelope::V1, Envelope::Plain] {
                if let Verdict::Success(success) = json_read(status, envelope, &Value::Object(object.clone())) {
                    prop_assert_eq!(status, 200);
                    let _rows = success.rows();
                }
            }
        }
    }
}
