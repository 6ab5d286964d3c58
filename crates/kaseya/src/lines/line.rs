//! A line, and the lines of one response.

use domain::{AccountId, AnswerFault, ContractId, LineId, ServiceId};
use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::profile::{LineFields, LineProfile};
use crate::{
    answer::Success,
    fields::{self, Problem},
    raw_object::{RawObject, at_path},
};

/// A line of a contract. Fields from Kaseya other than these are kept inside, and sent back as received.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractLine {
    /// Id of the line in Kaseya.
    pub id: LineId,
    /// The service that it sells.
    pub service_id: ServiceId,
    /// Units; Kaseya returns a decimal, and a fraction is kept.
    pub units: f64,
    /// Price per unit; `None` if Kaseya shows none.
    pub unit_price: Option<f64>,
    /// The day from which the units count; `None` if Kaseya shows none.
    pub effective_date: Option<Date>,
    /// The account id on the line, if there is one.
    pub(super) account: Option<Value>,
    /// The contract it was read from: it is written under no other.
    pub(super) contract: ContractId,
    /// Whether it is a proration left by a past change, and not a line.
    pub(super) is_proration: bool,
    pub(crate) whole: RawObject,
}

impl ContractLine {
    pub(super) fn parse(
        raw: RawObject,
        contract: ContractId,
        profile: &LineProfile,
    ) -> Result<Self, Problem> {
        let (whole, fields) = (&raw.read()?, &profile.fields);
        names_no_other_contract(whole, contract, fields)?;
        // One list for all contracts: only the row can show whether the filter was applied.
        let shown = fields::at(whole, &fields.contract).filter(|shown| shown.as_str() != Some(""));
        if profile.read.filter.is_some() && shown.is_none() {
            return Err(AnswerFault::LineWithoutContract);
        }
        let number = |name| fields::at(whole, name).and_then(Value::as_f64);
        let marks = |name| fields::at(whole, name).is_some_and(is_mark);
        let nested = fields::get(whole, "Account").and_then(Value::as_object);
        let account = ACCOUNT_IDS.iter().find_map(|name| fields::get(whole, name));
        let account = account.or_else(|| fields::get(nested?, "Id")).cloned();
        Ok(Self {
            account,
            contract,
            is_proration: fields.proration.as_deref().is_some_and(marks),
            id: LineId(fields::id(whole, &fields.line, AnswerFault::LineWithoutId)?),
            service_id: ServiceId(fields::id(whole, &fields.service, AnswerFault::LineWithoutService)?),
            units: number(&fields.units).ok_or(AnswerFault::LineWithoutUnits)?,
            unit_price: number(&fields.unit_price),
            effective_date: fields::date(whole, &fields.effective_date, AnswerFault::LineEffectiveDate)?,
            whole: raw,
        })
    }

    /// Whether it shows an account other than this one: then it is another client's line, or the contract has
    /// moved.
    pub fn names_other_account(&self, account: AccountId) -> bool {
        self.account.as_ref().is_some_and(|shown| !fields::names(shown, account.0))
    }

    /// The whole line as received, with only units and effective date changed: every other field keeps its bytes
    /// and its place.
    pub(crate) fn with(&self, units: u32, effective: Date, fields: &LineFields) -> RawObject {
        let mut whole = self.whole.clone();
        whole.set(&fields.units, &json!(units));
        whole.set(&fields.effective_date, &json!(fields.date_form.text(effective)));
        whole
    }

    /// The two changes as an RFC 6902 patch, with the names spelled as on this line.
    pub(super) fn patch(&self, units: u32, effective: Date, fields: &LineFields) -> Value {
        let replace = |name: &str, value: Value| {
            // A field that the line does not show cannot be replaced.
            let op = if self.whole.has(name) { "replace" } else { "add" };
            let name = self.whole.spelling(name).replace('~', "~0").replace('/', "~1");
            json!({"op": op, "path": format!("/{name}"), "value": value})
        };
        let date = fields.date_form.text(effective);
        json!([replace(&fields.units, json!(units)), replace(&fields.effective_date, json!(date))])
    }
}

/// Names under which a row may show its contract's id, whatever name the profile uses.
const CONTRACT_IDS: [&str; 2] = ["ContractId", "ClientContractId"];
/// Names under which a line may show its account's id.
const ACCOUNT_IDS: [&str; 2] = ["AccountId", "ClientAccountId"];

/// Whether a field marks its row: any value except false, no, zero and empty.
pub(crate) fn is_mark(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "0" | "false" | "no")
        }
        _ => true,
    }
}

pub(super) fn names_no_other_contract(
    row: &fields::Object,
    contract: ContractId,
    names: &LineFields,
) -> Result<(), Problem> {
    for name in CONTRACT_IDS.into_iter().chain([names.contract.as_str()]) {
        fields::names_no_other(row, name, contract.0)?;
    }
    let nested = fields::get(row, "Contract").and_then(Value::as_object);
    nested.map_or(Ok(()), |nested| fields::names_no_other(nested, "Id", contract.0))
}

/// The content of a response about a contract's lines.
pub(crate) struct LinePage {
    pub lines: Vec<ContractLine>,
    /// The total number of lines, if the response has one.
    pub total: Option<u64>,
    /// The contract around the lines, if they are inside one that shows its id.
    pub contract: Option<RawObject>,
}

/// The lines of one page. A line of another contract makes the whole page unusable: a server that ignored the
/// requested contract may also have left out lines of that contract.
pub(crate) fn parse_lines(
    success: &Success,
    contract: ContractId,
    profile: &LineProfile,
) -> Result<LinePage, Problem> {
    let read = &profile.read;
    let rows: Vec<RawObject> = at_path(&success.body, &read.rows)?;
    let lines =
        rows.into_iter().map(|row| ContractLine::parse(row, contract, profile)).collect::<Result<_, _>>()?;
    let total = read.total.as_ref().map(|path| at_path::<Option<u64>>(&success.body, path));
    let total = match total {
        // A response without the field gives no total; one with anything else there is unreadable.
        Some(Ok(total)) => total,
        Some(Err(_))
            if at_path::<IgnoredAny>(&success.body, read.total.as_deref().unwrap_or_default()).is_ok() =>
        {
            return Err(AnswerFault::TotalNotANumber);
        }
        Some(Err(_)) | None => None,
    };
    // The objects around the list must name the requested contract, or the list belongs to another.
    for depth in 0..read.rows.len() {
        let object: RawObject = at_path(&success.body, &read.rows[..depth])?;
        names_no_other_contract(&object.read()?, contract, &profile.fields)?;
    }
    let around = match read.rows.split_last() {
        Some((_, around)) if !around.is_empty() && read.filter.is_none() => {
            let raw: RawObject = at_path(&success.body, around)?;
            let object = raw.read()?;
            fields::names_no_other(&object, "Id", contract.0)?;
            let ids = ["Id", "ContractId", &profile.fields.contract];
            let says_so = ids.iter().any(|name| fields::get(&object, name).is_some());
            says_so.then_some(raw)
        }
        _ => None,
    };
    Ok(LinePage { lines, total, contract: around })
}
