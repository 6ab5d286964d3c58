//! The meaning of a response, in any of Kaseya's envelopes.

use std::sync::Arc;

use bytes::Bytes;
use domain::AnswerFault;
use egress::Response;
use serde_json::Value;

use crate::{
    fields::{self, Object, Problem},
    lines::profile::{LineProfile, Outcome, plain},
    raw_object::{RawObject, at_path},
};

/// How a response is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `success`, `error`, `result`, and `totalRecords` for paged calls.
    V2,
    /// As the tenant's line profile says.
    V1(Arc<LineProfile>),
    /// The bare object, as V1's token call returns it.
    Plain,
}

/// The meaning of a response.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The call succeeded.
    Success(Success),
    /// 401, or the equivalent code in the body.
    Unauthorized(String),
    /// 403 in Kaseya's own form.
    Forbidden(String),
    /// 429, with the value of `retry-after`.
    Limited(Option<String>),
    /// 5xx, or a maintenance page.
    Server(String),
    /// A web page or similar with a success status.
    Page,
    /// A web page or similar with another status.
    NotKaseya,
    /// It should come from Kaseya and is unreadable.
    Garbled(Problem),
    /// Refused, with the status and Kaseya's words.
    Refused(u16, String),
    /// Kaseya did not understand the call (405, 406, 415, a problem document) and never read its values.
    NotUnderstood(u16, String),
    /// A 2xx with neither yes nor no in known words, and whether it contains lines all the same.
    Unclear { status: u16, said: String, with_lines: bool },
}

/// The result of a call.
#[derive(Debug, PartialEq)]
pub(crate) struct Success {
    /// The result; null stays null.
    pub result: Value,
    /// The total number of rows, if the response has one.
    pub total: Option<u64>,
    /// The whole body as received.
    pub body: Bytes,
}

impl Success {
    /// The rows of a list. A missing list never counts as an empty one: that would mean that nothing exists.
    pub fn rows(&self) -> Result<Vec<&Object>, Problem> {
        let rows = self.result.as_array().ok_or(AnswerFault::NoList)?;
        rows.iter().map(|row| row.as_object().ok_or(AnswerFault::RowNotAnObject)).collect()
    }
}

/// "Security Error": the code of a missing or expired token.
const TOKEN_CODE: i64 = 978_001;

/// The code in the body for a reached call limit if the status is not 429 (a guess: none has been seen).
const LIMIT_CODE: i64 = 429;

/// Reads a response.
pub(crate) fn read(response: &Response, envelope: &Envelope) -> Verdict {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let object = body.as_ref().and_then(Value::as_object);
    let page = body.is_none().then(|| page_words(&response.body));
    let words = || object.map(words).unwrap_or_default();
    let limited = || Verdict::Limited(response.retry_after.clone());
    match response.status {
        429 => return limited(),
        500.. => return Verdict::Server(words()),
        401 => return Verdict::Unauthorized(words()),
        403 if speaks_of_quota(page.as_deref().unwrap_or(&words())) => return limited(),
        _ => {}
    }
    if let Some(page) = page.filter(|page| speaks_of_maintenance(page)) {
        return Verdict::Server(page);
    }
    match response.status {
        200..=299 if object.is_none() && is_page(response) => return Verdict::Page,
        _ if object.is_none() && is_page(response) => return Verdict::NotKaseya,
        200..=299 => {}
        status @ (405 | 406 | 415) => return Verdict::NotUnderstood(status, words()),
        status if is_problem(response, object) => return Verdict::NotUnderstood(status, words()),
        403 => return Verdict::Forbidden(words()),
        // V1 returns objects or nothing: a text comes from something in front of it, such as a gateway without a
        // server behind it.
        404 | 410 if matches!(envelope, Envelope::V1(_)) && is_text(response, object) => {
            return Verdict::Server(String::new());
        }
        status => return Verdict::Refused(status, words()),
    }
    let success =
        |result: Value, total| Verdict::Success(Success { result, total, body: response.body.clone() });
    let Some(object) = object else {
        return match (envelope, body) {
            (Envelope::V1(profile), Some(list @ Value::Array(_))) if profile.outcome.status.is_none() => {
                success(list, None)
            }
            // JSON outside the envelope.
            (Envelope::V1(_), Some(_)) => Verdict::Garbled(AnswerFault::NoOutcome),
            _ => Verdict::Garbled(AnswerFault::NotAnObject),
        };
    };
    let done = match envelope {
        Envelope::Plain => Ok(Some(fields::get(object, "error").is_none())),
        Envelope::V2 => fields::flag(object, "success", AnswerFault::NoOutcome).map(Some),
        Envelope::V1(profile) => v1_done(object, &profile.outcome),
    };
    match done {
        Err(problem) => Verdict::Garbled(problem),
        Ok(Some(false)) if error_code(object) == Some(TOKEN_CODE) => Verdict::Unauthorized(words()),
        Ok(Some(false)) if error_code(object) == Some(LIMIT_CODE) || speaks_of_quota(&words()) => limited(),
        Ok(Some(false)) => Verdict::Refused(response.status, words()),
        Ok(None) => Verdict::Unclear {
            status: response.status,
            said: unclear_words(object, words()),
            with_lines: matches!(envelope, Envelope::V1(profile) if has_lines(&response.body, profile)),
        },
        Ok(Some(true)) if *envelope == Envelope::Plain => success(Value::Object(object.clone()), None),
        Ok(Some(true)) => success(
            fields::get(object, "result").cloned().unwrap_or_default(),
            fields::get(object, "totalRecords").and_then(number),
        ),
    }
}

/// A count, with or without quotes.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Whether V1 says yes or no; `None` if its words are neither.
fn v1_done(object: &Object, outcome: &Outcome) -> Result<Option<bool>, Problem> {
    let is = |words: &[String], said: &str| words.iter().any(|word| word.eq_ignore_ascii_case(said));
    let no_error = match outcome.error.as_ref().and_then(|name| fields::get(object, name)) {
        None => true,
        Some(Value::String(error)) => error.is_empty() || is(&outcome.no_error, error),
        Some(_) => false,
    };
    let code = error_code(object);
    let refusing =
        code.is_some_and(|code| code == TOKEN_CODE || (400..=499).contains(&code) && !may_be_done(code));
    let Some(status) = &outcome.status else {
        // If no field is known to say it, none of the usual fields may contradict it.
        let says_no = fields::get(object, "success") == Some(&Value::Bool(false));
        let doubtful = code.is_some_and(|code| code >= 400) || fields::get(object, "Status").is_some();
        return Ok(if refusing || says_no { Some(false) } else { (no_error && !doubtful).then_some(true) });
    };
    let status = match fields::get(object, status) {
        Some(Value::Bool(done)) => {
            if *done {
                "true"
            } else {
                "false"
            }
        }
        status => status.and_then(Value::as_str).ok_or(AnswerFault::NoOutcome)?,
    };
    if is(&outcome.success, status) && no_error {
        return Ok(Some(true));
    }
    let says_no = outcome.no.iter().any(|word| plain(word) == plain(status));
    Ok((says_no || refusing).then_some(false))
}

/// Whether there are rows at the profile's place for lines.
fn has_lines(body: &[u8], profile: &LineProfile) -> bool {
    at_path::<Vec<RawObject>>(body, &profile.read.rows).is_ok_and(|rows| !rows.is_empty())
}

/// Whether a status leaves the result of a change open: a timeout, or a conflict that may be with the change
/// itself.
pub(crate) fn may_be_done(status: i64) -> bool {
    matches!(status, 408 | 409 | 425 | 499) || status >= 500
}

/// Kaseya's words if it says neither yes nor no, including its status word.
fn unclear_words(object: &Object, words: String) -> String {
    let status = fields::text(object, "Status").filter(|status| !status.eq_ignore_ascii_case("ok"));
    let said = status.into_iter().map(str::to_owned).chain((!words.is_empty()).then_some(words));
    said.collect::<Vec<_>>().join("; ")
}

/// A page's title or first heading; a short text unchanged.
fn page_words(body: &[u8]) -> String {
    let start = body.get(..MOST_OF_A_PAGE).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    let lower = text.to_ascii_lowercase();
    let between = |tag: &str| {
        let from = lower.find(&format!("<{tag}"))?;
        let from = from + lower.get(from..)?.find('>')? + 1;
        let to = from + lower.get(from..)?.find(&format!("</{tag}"))?;
        text.get(from..to).map(str::trim).filter(|words| !words.is_empty()).map(str::to_owned)
    };
    let parts: Vec<String> = ["title", "h1", "p"].into_iter().filter_map(between).collect();
    if parts.is_empty() { text.into_owned() } else { parts.join("; ") }
}

/// How many bytes of a page are searched for its words.
const MOST_OF_A_PAGE: usize = 16 * 1024;

/// Words for a reached call limit that does not come as 429 (guesses: none has been seen).
fn speaks_of_quota(words: &str) -> bool {
    let words = words.to_lowercase();
    [
        "quota",
        "rate limit",
        "ratelimit",
        "too many requests",
        "too many calls",
        "throttl",
        "call limit",
        "limit exceeded",
    ]
    .iter()
    .any(|word| words.contains(word))
}

/// Words on a page that replaces a Kaseya under maintenance (guesses).
fn speaks_of_maintenance(words: &str) -> bool {
    let words = words.to_lowercase();
    [
        "maintenance",
        "manutenzione",
        "temporarily unavailable",
        "temporarily down",
        "be back soon",
        "be right back",
        "service unavailable",
        "scheduled downtime",
    ]
    .iter()
    .any(|word| words.contains(word))
}

/// A framework's problem document: the call was not understood, which says nothing about its values.
fn is_problem(response: &Response, object: Option<&Object>) -> bool {
    let kind = response.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    // OAuth's words for a malformed request; a refused user has another word.
    let malformed = object
        .and_then(|object| fields::text(object, "error"))
        .is_some_and(|error| matches!(error, "invalid_request" | "unsupported_grant_type" | "invalid_scope"));
    let has = |name| object.is_some_and(|object| fields::get(object, name).is_some());
    let known = kind.contains("problem+json");
    // A missing path says nothing about the call.
    response.status != 404
        && (known || malformed || has("title") && (has("status") || has("type") || has("errors")))
}

/// Whether the body is neither an object nor empty.
fn is_text(response: &Response, object: Option<&Object>) -> bool {
    object.is_none() && !response.body.trim_ascii().is_empty()
}

/// Whether the response is a web page or similar.
pub(crate) fn is_page(response: &Response) -> bool {
    let says = response.content_type.as_ref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    says || response.body.trim_ascii_start().starts_with(b"<")
}

/// V2's code is in its error object, V1's next to the words.
fn error_code(object: &Object) -> Option<i64> {
    let inner = fields::get(object, "error").and_then(Value::as_object);
    inner
        .and_then(|error| fields::get(error, "code"))
        .or_else(|| fields::get(object, "ResponseCode"))?
        .as_i64()
}

/// All words of a response, in every form seen or feared: V2's error object, V1's texts, OAuth's description, the
/// framework's problem details.
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

    fn v1() -> Envelope {
        Envelope::V1(Arc::default())
    }

    fn json_read(status: u16, envelope: Envelope, body: &Value) -> Verdict {
        read(&response(status, "application/json", body.to_string()), &envelope)
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
            assert_eq!(json_read(200, v1(), &body), Verdict::Success(success));
        }
    }

    #[test]
    fn a_200_that_says_no_is_a_refusal_with_its_words() {
        let body = json!({"success": false, "error":
            {"code": 5, "message": "Bad", "details": "units", "stackStrace": "secret", "subErrors": ["a", "b"]}});
        assert_eq!(json_read(200, Envelope::V2, &body), Verdict::Refused(200, "Bad; units; a; b".into()));
        let body = json!({"Status": "Error", "Error": "Locked", "Result": {}});
        assert_eq!(json_read(200, v1(), &body), Verdict::Refused(200, "Locked".into()));
        let body = json!({"Status": "BadRequest", "Error": "None"});
        assert_eq!(json_read(200, v1(), &body), Verdict::Refused(200, String::new()));
        let body = json!({"error": "invalid_grant", "error_description": "wrong"});
        assert_eq!(
            json_read(400, Envelope::Plain, &body),
            Verdict::Refused(400, "invalid_grant; wrong".into())
        );
        let body = json!({"title": "Invalid", "errors": {"Units": ["not whole"]}});
        assert_eq!(
            json_read(400, Envelope::V2, &body),
            Verdict::NotUnderstood(400, "Invalid; not whole".into())
        );
    }

    #[test]
    fn case_e3_a_2xx_of_unknown_words_is_neither_yes_nor_no() {
        for (body, said) in [
            (json!({"Status": "Success", "Error": "None", "Result": {}}), "Success"),
            (json!({"Status": "OK", "Error": "Success", "Result": {}}), "Success"),
            (json!({"Status": "OK", "Error": "Locked", "Result": {}}), "Locked"),
            (json!({"Status": "Accepted", "Error": null}), "Accepted"),
            (
                json!({"ResponseCode": 500, "Status": "InternalServerError", "Error": "x"}),
                "InternalServerError; x",
            ),
            (json!({"ResponseCode": 409, "Status": "Conflict", "Error": "x"}), "Conflict; x"),
        ] {
            let unclear = Verdict::Unclear { status: 200, said: said.into(), with_lines: false };
            assert_eq!(json_read(200, v1(), &body), unclear, "{body}");
        }
        for status in ["Bad Request", "FAILED", "NotFound"] {
            let body = json!({"Status": status, "Error": "x"});
            assert_eq!(json_read(202, v1(), &body), Verdict::Refused(202, "x".into()), "{body}");
        }
        let body = json!({"ResponseCode": 422, "Status": "Unheard", "Error": "x"});
        assert_eq!(json_read(200, v1(), &body), Verdict::Refused(200, "x".into()));
    }

    #[test]
    fn case_e10_quota_maintenance_and_problems_are_told_apart() {
        let limited = || Verdict::Limited(Some("60".into()));
        let quota = json!({"success": false, "error": {"code": 403, "message": "API calls quota exceeded"}});
        assert_eq!(json_read(403, Envelope::V2, &quota), limited());
        assert_eq!(json_read(200, Envelope::V2, &quota), limited());
        let page = "<html><head><title>Rate limit</title></head><body>wait</body></html>";
        assert_eq!(read(&response(403, "text/html", page), &Envelope::V2), limited());
        let right = json!({"success": false, "error": {"code": 403, "message": "Access denied"}});
        assert_eq!(json_read(403, Envelope::V2, &right), Verdict::Forbidden("Access denied".into()));
        let page = "<html><title>BMS</title><h1>Down for maintenance</h1></html>";
        for (kind, body) in [("text/html", page), ("text/plain", "BMS is under maintenance")] {
            let verdict = read(&response(200, kind, body), &Envelope::V2);
            assert!(matches!(&verdict, Verdict::Server(said) if said.contains("maintenance")), "{verdict:?}");
        }
        let problem = json!({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "GrantType is missing"});
        let said = "Bad Request; GrantType is missing";
        assert_eq!(json_read(400, Envelope::V2, &problem), Verdict::NotUnderstood(400, said.into()));
        assert_eq!(json_read(403, Envelope::Plain, &problem), Verdict::NotUnderstood(403, said.into()));
        let malformed = json!({"error": "unsupported_grant_type"});
        let verdict = json_read(400, Envelope::Plain, &malformed);
        assert_eq!(verdict, Verdict::NotUnderstood(400, "unsupported_grant_type".into()));
        for status in [405, 406, 415] {
            let verdict = json_read(status, Envelope::V2, &json!({"Message": "no"}));
            assert_eq!(verdict, Verdict::NotUnderstood(status, "no".into()));
        }
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
            read(&response(401, "text/html", "<html>"), &Envelope::V2),
            Verdict::Unauthorized(String::new())
        );
    }

    #[test]
    fn pages_and_broken_answers_are_no_success() {
        for (status, verdict) in [
            (200, Verdict::Page),
            (404, Verdict::NotKaseya),
            (403, Verdict::NotKaseya),
            (502, Verdict::Server(String::new())),
            (429, Verdict::Limited(Some("60".into()))),
        ] {
            assert_eq!(read(&response(status, "text/html", "<html>"), &Envelope::V2), verdict);
            assert_eq!(read(&response(status, "text/plain", "\r\n <!DOCTYPE html>"), &Envelope::V2), verdict);
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
                matches!(read(&response(200, "application/json", body), &Envelope::V2), Verdict::Garbled(_)),
                "{body}"
            );
        }
        assert!(matches!(json_read(200, v1(), &json!({"Result": []})), Verdict::Garbled(_)));
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
            for envelope in [Envelope::V2, v1(), Envelope::Plain] {
                let verdict = read(&response(status, &kind, body.clone()), &envelope);
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
            for envelope in [Envelope::V2, v1(), Envelope::Plain] {
                if let Verdict::Success(success) = json_read(status, envelope.clone(), &Value::Object(object.clone())) {
                    prop_assert_eq!(status, 200);
                    let _rows = success.rows();
                }
            }
        }
    }
}
