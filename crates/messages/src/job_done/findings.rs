//! What an attempt saw and did in Kaseya: decoding and encoding.

use domain::{
    AccountId, ContractId, ContractRead, ErrorCode, FieldChange, IntentId, IntentResult, LeftOver, ServiceId,
    SettledIntent, SurveyEnd,
};

use crate::{
    FieldError,
    field::{self, each, error_code, number, required, wire_instant},
    v1,
};

impl TryFrom<v1::ContractRead> for ContractRead {
    type Error = FieldError;

    fn try_from(read: v1::ContractRead) -> Result<Self, FieldError> {
        Ok(Self {
            contract: ContractId(required("contract_id", read.contract_id)?),
            read_at: field::instant("read_at", read.read_at)?,
            total_before: optional_decimal("total_before", read.total_before)?,
            total_moved: optional_decimal("total_moved", read.total_moved)?,
            owner_name: read.owner_name.map(|name| domain::fit_text(&name, domain::MAX_NOTE)),
            owner_account: read.owner_account_id.map(AccountId),
            found: each("found", read.found, |found| {
                let lines = required("lines", found.lines)?;
                Ok((ServiceId(required("service_id", found.service_id)?), lines))
            })?
            .into_iter()
            .collect(),
            lines_total: optional_decimal("lines_total", read.lines_total)?,
        })
    }
}

impl From<ContractRead> for v1::ContractRead {
    fn from(read: ContractRead) -> Self {
        let found = read
            .found
            .into_iter()
            .map(|(service, lines)| v1::ServiceFound { service_id: Some(service.0), lines: Some(lines) });
        Self {
            contract_id: Some(read.contract.0),
            read_at: Some(wire_instant(read.read_at)),
            total_before: read.total_before,
            total_moved: read.total_moved,
            owner_name: read.owner_name,
            owner_account_id: read.owner_account.map(|account| account.0),
            found: found.collect(),
            lines_total: read.lines_total,
        }
    }
}

impl TryFrom<v1::ChangeDone> for SettledIntent {
    type Error = FieldError;

    fn try_from(done: v1::ChangeDone) -> Result<Self, FieldError> {
        let result = match field::chosen("result", done.result)? {
            v1::ChangeResult::Confirmed => IntentResult::Confirmed,
            v1::ChangeResult::Sent => IntentResult::Sent,
            v1::ChangeResult::Unsure => IntentResult::Unsure,
            v1::ChangeResult::Refused => IntentResult::Refused,
            v1::ChangeResult::NotBegun => IntentResult::NotBegun,
            v1::ChangeResult::Unspecified => return Err(FieldError::new("result", "it is unspecified")),
        };
        let read = done.effective_date_read.as_deref();
        Ok(Self {
            intent: field::id("intent_id", IntentId::parse(&done.intent_id))?,
            result,
            at: field::instant("at", done.at)?,
            kaseya_says: done.detail,
            effective_date_read: field::optional_day("effective_date_read", read)?,
            fields_changed: done.fields_changed.into_iter().map(FieldChange::from).collect(),
        })
    }
}

impl From<SettledIntent> for v1::ChangeDone {
    fn from(change: SettledIntent) -> Self {
        let result = match change.result {
            IntentResult::Confirmed => v1::ChangeResult::Confirmed,
            IntentResult::Sent => v1::ChangeResult::Sent,
            IntentResult::Unsure => v1::ChangeResult::Unsure,
            IntentResult::Refused => v1::ChangeResult::Refused,
            IntentResult::NotBegun => v1::ChangeResult::NotBegun,
        };
        Self {
            intent_id: change.intent.to_string(),
            result: result.into(),
            at: Some(wire_instant(change.at)),
            detail: change.kaseya_says,
            effective_date_read: change.effective_date_read.map(|day| day.to_string()),
            fields_changed: change.fields_changed.into_iter().map(v1::FieldChange::from).collect(),
        }
    }
}

impl From<v1::FieldChange> for FieldChange {
    fn from(field: v1::FieldChange) -> Self {
        Self { name: field.name, before: field.before, now: field.now }
    }
}

impl From<FieldChange> for v1::FieldChange {
    fn from(field: FieldChange) -> Self {
        Self { name: field.name, before: field.before, now: field.now }
    }
}

impl TryFrom<v1::SurveyDone> for SurveyEnd {
    type Error = FieldError;

    fn try_from(done: v1::SurveyDone) -> Result<Self, FieldError> {
        Ok(match (done.next_page, required("given_up", done.given_up)?) {
            (_, true) => Self::GivenUp,
            (Some(page), false) if page > 0 => Self::GoesOn(number("next_page", page)?),
            (Some(_), false) => return Err(FieldError::new("next_page", "pages are counted from 1")),
            (None, false) => Self::Seen,
        })
    }
}

impl From<SurveyEnd> for v1::SurveyDone {
    fn from(end: SurveyEnd) -> Self {
        let (next_page, given_up) = match end {
            SurveyEnd::GoesOn(page) => (Some(page.unsigned_abs()), false),
            SurveyEnd::Seen => (None, false),
            SurveyEnd::GivenUp => (None, true),
        };
        Self { next_page, given_up: Some(given_up) }
    }
}

impl TryFrom<v1::LeftOver> for LeftOver {
    type Error = FieldError;

    fn try_from(left: v1::LeftOver) -> Result<Self, FieldError> {
        if left.contract_ids.is_empty() {
            return Err(FieldError::new(
                "contract_ids",
                "it is empty; leave left_over out when nothing is left",
            ));
        }
        let code = left.code.map(|code| error_code("code", &code)).transpose()?;
        Ok(Self {
            contracts: left.contract_ids,
            not_before: field::optional_instant("not_before", left.not_before)?,
            code: code.map(ErrorCode::as_str),
        })
    }
}

impl From<LeftOver> for v1::LeftOver {
    fn from(left: LeftOver) -> Self {
        Self {
            contract_ids: left.contracts,
            not_before: left.not_before.map(wire_instant),
            code: left.code.map(str::to_owned),
        }
    }
}

fn optional_decimal(name: &str, value: Option<f64>) -> Result<Option<f64>, FieldError> {
    value.map(|value| field::decimal(name, Some(value))).transpose()
}
