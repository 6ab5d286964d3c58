//! Whether what came in the place of a contract's lines is of another form than the tenant's line profile describes (LIN-01). An odd
//! row among others, a null, a page or a broken text are none of it: they stay the errors that they are.

use domain::{AnswerFault, ContractId};
use serde_json::Value;

use super::{ContractLine, LineProfile};
use crate::{BmsError, answer::Success, fields, raw_object::RawObject, raw_object::at_path};

/// Whether a failed read says that no such call is served: to a contract that V2 shows, lines are not shown in this way.
pub(super) fn is_no_such_route(error: &BmsError) -> bool {
    match error {
        BmsError::Refused { status, .. } => matches!(status, 404 | 405 | 410),
        // JSON without the field that says how a call went.
        BmsError::Garbled { problem, .. } => *problem == AnswerFault::NoOutcome,
        _ => false,
    }
}

/// Whether an answer from which no lines could be taken is of another form.
pub(super) fn is_other_form(
    success: &Success,
    contract: ContractId,
    profile: &LineProfile,
    fault: AnswerFault,
) -> bool {
    match fault {
        AnswerFault::NoList => has_no_list(&success.body, &profile.read.rows),
        AnswerFault::TotalNotANumber => true,
        _ if is_of_fields(fault) => {
            let rows: Vec<RawObject> = at_path(&success.body, &profile.read.rows).unwrap_or_default();
            rows.into_iter().all(|row| ContractLine::parse(row, contract, profile).is_err_and(is_of_fields))
        }
        _ => false,
    }
}

/// What is wrong with a row whose fields have other names or forms.
fn is_of_fields(fault: AnswerFault) -> bool {
    matches!(
        fault,
        AnswerFault::LineWithoutId
            | AnswerFault::LineWithoutService
            | AnswerFault::LineWithoutUnits
            | AnswerFault::LineWithoutContract
            | AnswerFault::LineEffectiveDate
    )
}

/// Whether something else than a list of objects stands at the end of the path. A null says nothing.
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
        for odd in
            [json!(null), json!([row, renamed]), json!([renamed, row]), json!([foreign]), json!([row, null])]
        {
            assert_eq!(misfit(&odd), Some(false), "{odd}");
        }
    }
}
