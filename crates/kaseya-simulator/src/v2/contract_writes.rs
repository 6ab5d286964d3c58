//! Creates, changes, fills, activates and deactivates contracts of type Recurring Services.
//!
//! An absent field gets .NET's default for a number or date that cannot be null: 0, and the first of January of the
//! year 1. Ids of types, states and billing cycles are guesses.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{midnight, success, with_nulls};
use crate::{
    Billing, Contract, ContractStatus, ContractTerms, Line, NewLine, State,
    call::Call,
    refusal::Refusal,
    sent::{Sent, required},
};

const RECURRING: &str = "Recurring Services";
const TYPES: [&str; 5] =
    ["Time and Material", RECURRING, "Fixed Price", "Retainer by Amount", "Retainer by Hours"];
const CYCLES: [&str; 4] = ["Weekly", "Monthly", "Quarterly", "Yearly"];

/// POST /v2/finance/contracts/recurringservices: created inactive, since a contract bills only once it is
/// activated.
pub(crate) fn create(state: &mut State, call: &Call, at: Timestamp, user: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    let id = state.contracts.iter().map(|contract| contract.id).max().unwrap_or_default().saturating_add(1);
    let mut contract = Contract {
        id,
        account: 0,
        name: String::new(),
        contract_type: RECURRING.to_owned(),
        status: ContractStatus::Inactive,
        billing_cycle: CYCLES[1].to_owned(),
        start: state.day(at),
        end: None,
        default: false,
        billing: Billing::default(),
        terms: ContractTerms::default(),
        lines: Vec::new(),
    };
    fill(&mut contract, state, &body)?;
    required("BillingCycleId", body.integer("BillingCycleId")?)?;
    let services = body.objects("Services")?;
    let services = services.iter().map(|sent| new_line(sent, state)).collect::<Result<Vec<_>, _>>()?;
    state.contracts.push(contract);
    for service in services {
        if let Err(refused) = state.add_line(id, service, at, user) {
            state.contracts.pop();
            state.history.retain(|write| write.contract != id);
            return Err(refused.into());
        }
    }
    let contract = state.contract(id).ok_or(Refusal::Unknown)?;
    let mut answer = head(state, contract, at);
    answer["isNotificationEnabled"] = json!(contract.terms.notification_enabled);
    answer["notificationEmails"] = json!(contract.terms.notification_emails);
    answer["services"] = contract
        .lines
        .iter()
        .map(|line| {
            let mut row = added(contract, line);
            row["serviceDescription"] = json!(line.service_description);
            row
        })
        .collect();
    Ok(success(answer))
}

/// PUT /v2/finance/contracts/recurringservices/{contractId}: replaces the whole head, so an omitted field is
/// cleared.
pub(crate) fn update(state: &mut State, call: &Call, at: Timestamp) -> Result<Value, Refusal> {
    let id = call.id("contractId")?;
    let mut contract = state.contract(id).ok_or(Refusal::Unknown)?.clone();
    fill(&mut contract, state, &call.json()?)?;
    *state.contract_mut(id).ok_or(Refusal::Unknown)? = contract;
    let contract = state.contract(id).ok_or(Refusal::Unknown)?;
    Ok(success(head(state, contract, at)))
}

/// POST /v2/finance/contracts/recurringservices/{contractId}/services: takes an array and returns one line.
pub(crate) fn add_services(
    state: &mut State,
    call: &Call,
    at: Timestamp,
    user: &str,
) -> Result<Value, Refusal> {
    let id = call.id("contractId")?;
    let before = state.contract(id).ok_or(Refusal::Unknown)?.clone();
    let sent = call.json_array()?;
    let services = sent.iter().map(|sent| new_line(sent, state)).collect::<Result<Vec<_>, _>>()?;
    if services.is_empty() {
        return Err(Refusal::Bad("Services is empty".to_owned()));
    }
    let writes = state.history.len();
    let mut ids = Vec::new();
    for service in services {
        match state.add_line(id, service, at, user) {
            Ok(line) => ids.push(line),
            Err(refused) => {
                *state.contract_mut(id).ok_or(Refusal::Unknown)? = before;
                state.history.truncate(writes);
                return Err(refused.into());
            }
        }
    }
    let contract = state.contract(id).ok_or(Refusal::Unknown)?;
    let rows = ids.iter().filter_map(|id| contract.lines.iter().find(|line| line.id == *id)).map(|line| {
        let mut row = added(contract, line);
        let sold = state.service(line.service);
        row["description"] = json!(line.service_description);
        row["margin"] = json!(line.unit_price - line.unit_cost);
        row["originalUnitPrice"] = json!(sold.map_or(line.unit_price, |sold| sold.unit_price));
        row["originalUnitCost"] = json!(sold.map_or(line.unit_cost, |sold| sold.unit_cost));
        row
    });
    let rows: Vec<Value> = rows.collect();
    let one = rows.first().cloned().unwrap_or_default();
    Ok(success(if state.behaviour.lines.answers_added_as_array { json!(rows) } else { one }))
}

/// PUT /v2/finance/contracts/{contractId}/activate and /deactivate.
pub(crate) fn switch(state: &mut State, call: &Call, status: ContractStatus) -> Result<Value, Refusal> {
    let contract = state.contract_mut(call.id("contractId")?).ok_or(Refusal::Unknown)?;
    contract.status = status;
    Ok(success(json!({
        "id": contract.id,
        "contractName": contract.name,
        "contractDescription": null,
        "contractNumber": contract.number(),
        "statusId": status_id(status),
        "statusName": status.words(),
        "typeId": type_id(contract),
        "typeName": contract.contract_type,
    })))
}

fn fill(contract: &mut Contract, state: &State, sent: &Sent) -> Result<(), Refusal> {
    contract.name = required("ContractName", sent.text("ContractName")?.filter(|name| !name.is_empty()))?;
    contract.account = sent.integer("AccountId")?.unwrap_or_default();
    if state.account(contract.account).is_none() {
        return Err(Refusal::Bad("AccountId is not valid".to_owned()));
    }
    if let Some(id) = sent.integer("BillingCycleId")? {
        let cycle = usize::try_from(id).ok().and_then(|id| CYCLES.get(id.checked_sub(1)?));
        contract.billing_cycle = required("BillingCycleId", cycle)?.to_string();
    }
    contract.start = sent.bound_date("StartDate")?;
    let end = sent.bound_date("EndDate")?;
    if end < contract.start {
        return Err(Refusal::Bad("EndDate is before StartDate".to_owned()));
    }
    contract.end = Some(end);
    contract.default = sent.flag("IsDefaultContract")?.unwrap_or_default();
    contract.terms = ContractTerms {
        sla_id: sent.integer("SLAId")?,
        reference_number: sent.text("ReferenceNumber")?,
        issue_invoice_on: sent.flag("IssueInvoiceOn")?,
        fiscal_billing: sent.flag("IsFiscalBilling")?,
        notification_enabled: sent.flag("IsNotificationEnabled")?.unwrap_or_default(),
        notification_emails: sent.texts("NotificationEmails")?,
    };
    Ok(())
}

fn new_line(sent: &Sent, state: &State) -> Result<NewLine, Refusal> {
    Ok(NewLine {
        service: sent.integer("ServiceId")?.unwrap_or_default(),
        service_name: sent.text("ServiceName")?,
        service_description: sent.text("ServiceDescription")?,
        units: sent.units(state)?.unwrap_or_default(),
        unit_price: sent.number("UnitPrice")?.unwrap_or_default(),
        unit_cost: sent.number("UnitCost")?.unwrap_or_default(),
        effective_date: sent.bound_date("EffectiveDate")?,
        sort_order: sent.integer("SortOrder")?.unwrap_or_default(),
    })
}

fn status_id(status: ContractStatus) -> i32 {
    match status {
        ContractStatus::Active => 1,
        ContractStatus::Inactive => 2,
    }
}

/// The position among known words, from 1; 0 for an unknown word.
fn place(known: &[&str], word: &str) -> usize {
    known.iter().position(|known| *known == word).map_or(0, |place| place + 1)
}

fn type_id(contract: &Contract) -> usize {
    place(&TYPES, &contract.contract_type)
}

fn head(state: &State, contract: &Contract, at: Timestamp) -> Value {
    let known = json!({
        "id": contract.id,
        "contractName": contract.name,
        "accountId": contract.account,
        "accountName": state.account_name(contract),
        "typeId": type_id(contract),
        "typeName": contract.contract_type,
        "slaId": contract.terms.sla_id,
        "referenceNumber": contract.terms.reference_number,
        "statusId": status_id(contract.status),
        "statusName": contract.status.words(),
        "contractNumber": contract.number(),
        "billingCycleId": place(&CYCLES, &contract.billing_cycle),
        "billingCycleName": contract.billing_cycle,
        "contractBillingPrice": state.billing_price(contract, state.day(at)),
        "startDate": midnight(contract.start),
        "endDate": contract.end.map(midnight),
        "isDefaultContract": contract.default,
        "issueInvoiceOnId": contract.terms.issue_invoice_on,
        "isFiscalBilling": contract.terms.fiscal_billing,
    });
    let unknown = ["createdBy", "createdOn", "modifiedBy", "modifiedOn", "slaName", "issueInvoiceOnName"];
    with_nulls(known, &unknown)
}

/// The fields that both forms of an added line share.
fn added(contract: &Contract, line: &Line) -> Value {
    let known = json!({
        "id": line.id,
        "serviceId": line.service,
        "serviceName": line.service_name,
        "contractId": contract.id,
        "contractName": contract.name,
        "totalCost": line.units * line.unit_cost,
        "totalPrice": line.units * line.unit_price,
        "units": line.units,
        "unitCost": line.unit_cost,
        "unitPrice": line.unit_price,
        "effectiveDate": midnight(line.effective_date),
        "sortOrder": line.sort_order.unwrap_or_default(),
    });
    with_nulls(known, &["createdBy", "createdOn", "modifiedBy", "modifiedOn"])
}
