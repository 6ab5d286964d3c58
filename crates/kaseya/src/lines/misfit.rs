//! Whether a response for a contract's lines has another form than the tenant's line profile describes (LIN-01). An
//! odd row among others, a null, a page or broken text do not count: they stay the errors that they are.

use domain::{AnswerFault, ContractId};
use serde_json::Value;

use super::{ContractLine, LineProfile};
use crate::{BmsError, answer::Success, fields, raw_object::RawObject, raw_object::at_path};

/// Whether a failed read means that the route does not exist: V2 shows the contract, so its lines are not served
/// this way.
pub(super) fn is_no_such_route(error: &BmsError) -> bool {
    match error {
        BmsError::Refused { status, .. } => matches!(status, 404 | 405 | 410),
        // JSON without the field that says how a call went.
        BmsError::Garbled { problem, .. } => *problem == AnswerFault::NoOutcome,
        _ => false,
    }
}

/// Whether a response that gave no lines has another form.
pub(super) fn is_other_form(
    success: &Success,
    contract: ContractId,
    profile: &LineProfile,
    fault: AnswerFault,
) -> bool {
    match fault {
        AnswerFault::NoList => has_no_list(&success.body, &profile.read.rows),
        AnswerFault::TotalNotANumber => true,
        _ => {
            let rows: Vec<RawObject> = at_path(&success.body, &profile.read.rows).unwrap_or_default();
            let is_other = |row: RawObject| {
                let Ok(fields) = row.read() else { return false };
                ContractLine::parse(row, contract, profile)
                    .is_err_and(|fault| field_is_of_other_form(&fields, profile, fault))
            };
            !rows.is_empty() && rows.into_iter().all(is_other)
        }
    }
}

/// Whether the field at fault has another name or form in this row. A field that is present and empty, or has a
/// value that no form would have, is this row's own error.
fn field_is_of_other_form(row: &fields::Object, profile: &LineProfile, fault: AnswerFault) -> bool {
    let names = &profile.fields;
    let name = match fault {
        AnswerFault::LineWithoutId => &names.line,
        AnswerFault::LineWithoutService => &names.service,
        AnswerFault::LineWithoutUnits => &names.units,
        AnswerFault::LineWithoutContract => &names.contract,
        AnswerFault::LineEffectiveDate => &names.effective_date,
        _ => return false,
    };
    let is_date = fault == AnswerFault::LineEffectiveDate;
    match fields::at(row, name) {
        None => !is_there(row, name),
        // Year, month and day in this form, even if the day does not exist.
        Some(Value::String(text)) if is_date && is_day_form(text) => false,
        Some(Value::String(text)) => text.bytes().any(|byte| byte.is_ascii_digit()),
        Some(Value::Number(_)) => is_date,
        Some(Value::Object(_) | Value::Array(_)) => true,
        Some(Value::Null | Value::Bool(_)) => false,
    }
}

/// Whether a row has this field, even with null, or with null on the path to it.
fn is_there(row: &fields::Object, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (fields::entry(row, name), rest) {
        (None, _) => false,
        (Some((_, Value::Object(inner))), Some(rest)) => is_there(inner, rest),
        (Some((_, value)), Some(_)) => value.is_null(),
        (Some(_), None) => true,
    }
}

fn is_day_form(text: &str) -> bool {
    let day = text.trim().as_bytes();
    day.len() >= 10
        && day[..10].iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Whether the path ends in something other than a list of objects. A null settles nothing.
fn has_no_list(body: &[u8], path: &[String]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let mut place = &body;
    for name in path {
        place = match place.as_object().and_then(|object| fields::entry(object, name)) {
            Some((_, value)) => value,
            None => return !place.is_null(),
        };
    }
    match place {
        Value::Null => false,
        Value::Array(rows) => !rows.iter().any(Value::is_object),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lines::parse_lines;

    fn misfit(result: &Value) -> Option<bool> {
        let profile = LineProfile::default();
        let body = json!({"Status": "OK", "Error": "None", "Result": result});
        let success = Success { result: Value::Null, total: None, body: body.to_string().into() };
        let fault = parse_lines(&success, ContractId(1), &profile).err()?;
        Some(is_other_form(&success, ContractId(1), &profile, fault))
    }

    #[test]
    fn lin_01_another_form_is_told_from_one_odd_row() {
        let row = json!({"Id": 1, "ServiceId": 2, "Units": 3});
        assert_eq!(misfit(&json!([row])), None);
        assert_eq!(misfit(&json!([])), None);
        let renamed = json!({"ItemNo": 1, "Article": 2, "Quantity": 3});
        let dated = json!({"Id": 1, "ServiceId": 2, "Units": 3, "EffectiveDate": "/Date(1)/"});
        for other in [
            json!({"Services": [row]}),
            json!([renamed]),
            json!([renamed, renamed]),
            json!([dated]),
            json!([1, 2]),
        ] {
            assert_eq!(misfit(&other), Some(true), "{other}");
        }
        let foreign = json!({"Id": 1, "ServiceId": 2, "Units": 3, "ContractId": 5});
        let with = |name: &str, value: Value| {
            let mut row = row.clone();
            row[name] = value;
            json!([row])
        };
        for other in [
            with("Units", json!("3")),
            with("Units", json!({"Value": 3})),
            with("ServiceId", json!("c0ffee-01")),
            with("EffectiveDate", json!(1_767_225_600)),
            with("EffectiveDate", json!("31/01/2026")),
        ] {
            assert_eq!(misfit(&other), Some(true), "{other}");
        }
        for odd in [
            with("Units", json!(null)),
            with("Units", json!("many")),
            with("Id", json!(1.5)),
            with("ServiceId", json!(null)),
            with("EffectiveDate", json!("soon")),
            with("EffectiveDate", json!("2026-02-30T00:00:00")),
            with("EffectiveDate", json!(true)),
        ] {
            assert_eq!(misfit(&odd), Some(false), "{odd}");
        }
        for odd in
            [json!(null), json!([row, renamed]), json!([renamed, row]), json!([foreign]), json!([row, null])]
        {
            assert_eq!(misfit(&odd), Some(false), "{odd}");
        }
    }
}
