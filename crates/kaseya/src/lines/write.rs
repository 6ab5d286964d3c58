//! Writes of a line, in the form that a profile describes.

use std::{sync::Arc, time::Duration};

use domain::{AnswerFault, ContractId};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    ContractLine, LineProfile, names_no_other_contract, parse_lines,
    profile::{WriteBody, WriteMethod, filled},
};
use crate::{
    Session, WriteError,
    answer::Envelope,
    calls::{Api, Call},
    fields,
    raw_object::RawObject,
};

/// A write that is ready to be sent.
pub(crate) struct LineWriteRequest {
    pub call: Call,
    pub body: Body,
    /// What is left of one write's time.
    pub timeout: Duration,
}

impl Session {
    /// Sets a line's units from a day on. Sent at most once and at once: it never logs in (see [`Session::sign_in`])
    /// and never tries again.
    pub async fn write_units(
        &self,
        contract: ContractId,
        line: &ContractLine,
        units: u32,
        effective: Date,
    ) -> Result<(), WriteError> {
        let profile = Arc::clone(self.line_profile());
        let request = self.line_write(&profile, contract, line, (units, effective)).await?;
        let success = self.write(&request.call, request.body, request.timeout).await?;
        // An answer about another line says nothing of this one: only a reading tells.
        let is_ours = names_line(&success.result, &profile, contract, line);
        if is_ours { Ok(()) } else { Err(WriteError::Unclear { words: None }) }
    }

    /// The write of a line's units from a day on. Where the whole contract goes back, it is read first, as it stands at this moment:
    /// what was read before may have been changed since, by us or others, and would be put back. Reading and writing share the time
    /// of one write.
    pub(crate) async fn line_write(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        line: &ContractLine,
        (units, effective): (u32, Date),
    ) -> Result<LineWriteRequest, WriteError> {
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
        let (body, timeout) = match write.body {
            WriteBody::Line => (changed.text(), timeout),
            WriteBody::Array => (format!("[{}]", changed.text()), timeout),
            WriteBody::JsonPatch => (line.patch(units, effective, names).to_string(), timeout),
            WriteBody::Contract => {
                let around = self.contract_around(profile, contract, line, changed, timeout / 3).await?;
                (around.text(), timeout / 3 * 2)
            }
        };
        Ok(LineWriteRequest { call, body: Body::JsonText(body), timeout })
    }

    /// The contract as it stands, with one of its lines changed.
    async fn contract_around(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        line: &ContractLine,
        changed: RawObject,
        timeout: Duration,
    ) -> Result<RawObject, WriteError> {
        let reading = self.lines_call(profile, contract, 0, 0);
        let success = self.read_at_hand(&reading, timeout).await.map_err(WriteError::NotSent)?;
        let garbled = |fault| WriteError::NotSent(self.garbled(&reading, fault));
        let page = parse_lines(&success, contract, profile).map_err(garbled)?;
        let around = page.contract.ok_or_else(|| garbled(AnswerFault::LineWithoutContract))?;
        with_line(around, profile, line, changed).ok_or_else(|| garbled(AnswerFault::LineChanged))
    }
}

/// Whether the answer to a write is about this line, or says nothing of which.
pub(crate) fn names_line(
    result: &Value,
    profile: &LineProfile,
    contract: ContractId,
    line: &ContractLine,
) -> bool {
    let names = &profile.fields;
    if profile.write.body == WriteBody::Contract {
        let same = |row: &fields::Object| fields::names_no_other(row, "Id", contract.0).is_ok();
        return result.as_object().is_none_or(same);
    }
    let same = |row: &fields::Object| {
        names_no_other_contract(row, contract, names).is_ok()
            && fields::names_no_other(row, &names.line, line.id.0).is_ok()
    };
    match result {
        Value::Object(row) => same(row),
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).all(same),
        _ => true,
    }
}

/// The contract with one of its lines replaced; `None` where that line does not stand there as it was read. Units of the others
/// that are whole numbers are written as such: Kaseya answers 5.0 and takes 5.
fn with_line(
    mut around: RawObject,
    profile: &LineProfile,
    line: &ContractLine,
    changed: RawObject,
) -> Option<RawObject> {
    let (name, units) = (profile.read.rows.last()?, &profile.fields.units);
    let mut lines: Vec<RawObject> = around.value(name)?;
    let place = lines.iter().position(|present| *present == line.whole)?;
    for other in &mut lines {
        if let Some(number) =
            other.value::<f64>(units).filter(|number| number.fract() == 0.0 && number.abs() < 1e9)
        {
            other.set(units, &json!(number as i64));
        }
    }
    lines[place] = changed;
    around.set(name, &lines);
    Some(around)
}
