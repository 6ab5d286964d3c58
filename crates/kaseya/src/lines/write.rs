//! Writes of a line, in the form that a profile describes.

use std::{sync::Arc, time::Duration};

use domain::{AnswerFault, ContractId, LineId};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    ContractLine, LineProfile,
    line::names_no_other_contract,
    profile::{LineFields, WriteBody, WriteMethod, filled},
};
use crate::{
    Session, WriteError,
    answer::Envelope,
    calls::{Api, Call},
    fields,
    raw_object::RawObject,
};

/// A write, ready to be sent.
pub(crate) struct LineWriteRequest {
    pub call: Call,
    pub body: Body,
    /// The time left for this write.
    pub timeout: Duration,
}

/// A change of another line of the same contract that Kaseya accepted and may not show before its effective date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangeInWait {
    /// The changed line.
    pub line: LineId,
    /// Units shown until then.
    pub from: f64,
    /// Units sent.
    pub to: u32,
    /// Effective date of the change.
    pub effective_date: Date,
}

impl Session {
    /// Whether a write of a line also sends the contract's other lines.
    pub fn writes_whole_contracts(&self) -> bool {
        self.line_profile().write.replaces_all()
    }

    /// Whether a write sends a list or a contract: whatever the response, it may affect other lines than its own.
    pub fn writes_lists(&self) -> bool {
        matches!(self.line_profile().write.body, WriteBody::Array | WriteBody::Contract)
    }

    /// Whether a write sends all lines as a list, which servers cut into pages, and not inside their contract.
    pub fn writes_whole_lists(&self) -> bool {
        let write = &self.line_profile().write;
        write.replaces_all() && write.body != WriteBody::Contract
    }

    /// Sets a line's units from a day on. Sent at most once and at once: it never logs in (see
    /// [`Session::sign_in`]) and never retries.
    pub async fn write_units(
        &self,
        contract: ContractId,
        line: &ContractLine,
        units: u32,
        effective: Date,
    ) -> Result<(), WriteError> {
        self.write_units_among(contract, line, units, effective, &[]).await
    }

    /// Sets a line's units while changes of other lines wait for their effective dates. A write of the whole
    /// contract repeats those changes, because it would otherwise revert them to the units shown.
    pub async fn write_units_among(
        &self,
        contract: ContractId,
        line: &ContractLine,
        units: u32,
        effective: Date,
        in_wait: &[ChangeInWait],
    ) -> Result<(), WriteError> {
        let profile = Arc::clone(self.line_profile());
        let request = self.line_write_among(&profile, contract, line, (units, effective), in_wait).await?;
        let success = self.write(&request.call, request.body, request.timeout).await?;
        // A response about another line says nothing about this one: only a reading can tell.
        let is_ours = names_line(&success.result, &profile, contract, line);
        if is_ours { Ok(()) } else { Err(WriteError::Unclear { words: None }) }
    }

    /// The request that sets a line's units from a day on.
    pub(crate) async fn line_write(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        line: &ContractLine,
        to: (u32, Date),
    ) -> Result<LineWriteRequest, WriteError> {
        self.line_write_among(profile, contract, line, to, &[]).await
    }

    /// The request while other changes wait. If all lines of the contract are sent back, they are read first, as of
    /// this moment: we or others may have changed them since the earlier reading, and the write would revert that.
    /// Reading and writing share the time of one write.
    async fn line_write_among(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        line: &ContractLine,
        (units, effective): (u32, Date),
        in_wait: &[ChangeInWait],
    ) -> Result<LineWriteRequest, WriteError> {
        if line.contract != contract || line.is_proration {
            return Err(WriteError::NotSent(self.line_of_other_contract(contract)));
        }
        let (write, names) = (&profile.write, &profile.fields);
        let call = Call {
            api: Api::V1,
            method: match write.method {
                WriteMethod::Put => Method::Put,
                WriteMethod::Patch => Method::Patch,
                WriteMethod::Post => Method::Post,
            },
            route: write.route.clone(),
            path: filled(&write.route, contract, Some(line.id)),
            query: Vec::new(),
            envelope: Envelope::V1(Arc::clone(profile)),
        };
        let changed = line.with(units, effective, names);
        let timeout = self.limits.write_timeout;
        if write.replaces_all() {
            let for_reading = timeout / 3;
            let body = self.whole_body(profile, contract, (line, changed), in_wait, for_reading).await?;
            return Ok(LineWriteRequest { call, body: Body::JsonText(body), timeout: timeout - for_reading });
        }
        let body = match write.body {
            WriteBody::Line | WriteBody::Contract => changed.text(),
            WriteBody::Array => format!("[{}]", changed.text()),
            WriteBody::JsonPatch => line.patch(units, effective, names).to_string(),
        };
        Ok(LineWriteRequest { call, body: Body::JsonText(body), timeout })
    }

    /// The contract or its list of lines as of now, with one of its lines changed.
    async fn whole_body(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        changed: (&ContractLine, RawObject),
        in_wait: &[ChangeInWait],
        timeout: Duration,
    ) -> Result<String, WriteError> {
        let read = self.read_rows(profile, contract, &mut false, Some(timeout)).await;
        let read = read.map_err(WriteError::NotSent)?;
        let call = self.lines_call(profile, contract, 0, 0);
        let garbled = |fault| WriteError::NotSent(self.garbled(&call, fault));
        let rows = read.lines.into_iter().map(|row| row.whole).collect();
        let rows = with_line(rows, profile, changed, in_wait);
        let rows = rows.ok_or_else(|| garbled(AnswerFault::LineChanged))?;
        if profile.write.body != WriteBody::Contract {
            return Ok(serde_json::to_string(&rows).expect("rows that were read are JSON"));
        }
        let mut around = read.contract.ok_or_else(|| garbled(AnswerFault::LineWithoutContract))?;
        around.set(profile.read.rows.last().map(String::as_str).unwrap_or_default(), &rows);
        Ok(around.text())
    }
}

/// Whether the response to a write is about this line, or does not say which line it is about.
pub(crate) fn names_line(
    result: &Value,
    profile: &LineProfile,
    contract: ContractId,
    line: &ContractLine,
) -> bool {
    let names = &profile.fields;
    let same = |row: &fields::Object| {
        let other = match (profile.write.body, profile.write.replaces_all()) {
            (WriteBody::Contract, _) => fields::names_no_other(row, "Id", contract.0),
            // It may be about any of the lines.
            (_, true) => Ok(()),
            (_, false) => fields::names_no_other(row, &names.line, line.id.0),
        };
        other.is_ok() && names_no_other_contract(row, contract, names).is_ok()
    };
    match result {
        Value::Object(row) => same(row),
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).all(same),
        _ => true,
    }
}

/// The rows with one line replaced; `None` if that line is not there as it was read. Whole units of the other lines
/// are written as integers: Kaseya returns 5.0 and accepts 5.
fn with_line(
    mut rows: Vec<RawObject>,
    profile: &LineProfile,
    (line, changed): (&ContractLine, RawObject),
    in_wait: &[ChangeInWait],
) -> Option<Vec<RawObject>> {
    let LineFields { line: id, units, effective_date, date_form, .. } = &profile.fields;
    let place = rows.iter().position(|present| *present == line.whole)?;
    for other in &mut rows {
        let shown = other.value::<f64>(units);
        let shown_id = other.value::<i32>(id).map(LineId);
        let waits = in_wait.iter().find(|change| Some(change.line) == shown_id && Some(change.from) == shown);
        if let Some(change) = waits {
            other.set(units, &json!(change.to));
            other.set(effective_date, &json!(date_form.text(change.effective_date)));
        } else if let Some(number) = shown.filter(|number| number.fract() == 0.0 && number.abs() < 1e9) {
            other.set(units, &json!(number as i64));
        }
    }
    rows[place] = changed;
    Some(rows)
}
