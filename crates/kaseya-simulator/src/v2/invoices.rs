//! Reads of invoices: the charges made. None of these shows what is posted but not invoiced yet.

use serde_json::{Value, json};

use super::{midnight, success, with_nulls};
use crate::{
    ChargeKind, Contract, Invoice, InvoiceLine, State,
    call::Call,
    refusal::Refusal,
    rows::{Paging, holds},
    sent::not_valid,
};

/// The only state of invoices here.
const INVOICED: (i32, &str) = (1, "Invoiced");
/// The only type of lines here.
const SERVICE: (i32, &str) = (1, "Recurring Service");
/// More than any invoice has lines: the ids of lines are derived from this.
const LINES: i32 = 1000;

/// GET /v2/finance/invoices/summary: paged, without a total.
pub(crate) fn summary(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let query = &call.query;
    let (id, account) = (query.integer("Filter.Id")?, query.integer("Filter.AccountId")?);
    let (number, name) = (query.text("Filter.InvoiceNumber"), query.text("Filter.AccountName"));
    let status = query.integer("Filter.StatusId")?;
    let (from, to) = (query.date("Filter.CreatedFrom")?, query.date("Filter.CreatedTo")?);
    let posted = query.flag("Filter.PostedToAccounting")?;
    let asked = |invoice: &&Invoice| {
        let made = state.day(invoice.made);
        id.is_none_or(|id| id == invoice.id)
            && account.is_none_or(|account| account == invoice.account)
            && holds(Some(&invoice.number()), number)
            && holds(state.account_named(invoice.account), name)
            && status.is_none_or(|status| status == INVOICED.0)
            && from.is_none_or(|from| from <= made)
            && to.is_none_or(|to| made <= to)
            && posted.is_none_or(|posted| posted == invoice.posted_to_accounting.is_some())
    };
    let invoices = state.invoices.iter().filter(asked).collect();
    Ok(success(Value::Array(paging.cut(invoices, |invoice| invoice.id, |invoice| head(state, invoice)))))
}

/// GET /v2/finance/invoices/{id}.
pub(crate) fn one(state: &State, call: &Call) -> Result<Value, Refusal> {
    let id = call.id("id")?;
    let invoice = state.invoices.iter().find(|invoice| invoice.id == id).ok_or(Refusal::Unknown)?;
    let mut answer = head(state, invoice);
    answer["lineItems"] = lines(invoice).map(|(id, line)| row(state, invoice, id, line)).collect();
    answer["discountItems"] = json!([]);
    Ok(success(answer))
}

/// POST /v2/finance/invoices/details: paged, without a total. Invoices are named in a text, `1,2`.
pub(crate) fn details(state: &State, call: &Call) -> Result<Value, Refusal> {
    let body = call.json()?;
    let paging = Paging::of_body(state, call, &body)?;
    let filter = body.object("Filter")?;
    let list = |name: &str| -> Result<Vec<i32>, Refusal> {
        let text = filter.text(name)?.unwrap_or_default();
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| id.parse().map_err(|_| not_valid(name))).collect()
    };
    let (ids, states) = (list("ListInvoiceIds")?, list("ListStatusId")?);
    let (from, to) = (filter.date("InvoiceDateFrom")?, filter.date("InvoiceDateTo")?);
    let posted = filter.flag("PostedToAccounting")?;
    let asked = |invoice: &&Invoice| {
        let made = state.day(invoice.made);
        (ids.is_empty() || ids.contains(&invoice.id))
            && (states.is_empty() || states.contains(&INVOICED.0))
            && from.is_none_or(|from| from <= made)
            && to.is_none_or(|to| made <= to)
            && posted.is_none_or(|posted| posted == invoice.posted_to_accounting.is_some())
    };
    let found: Vec<(&Invoice, i32, &InvoiceLine)> = state
        .invoices
        .iter()
        .filter(asked)
        .flat_map(|invoice| lines(invoice).map(move |(id, line)| (invoice, id, line)))
        .collect();
    let shown = paging.cut(
        found.iter().collect(),
        |(_, id, _)| *id,
        |(invoice, id, line)| row(state, invoice, *id, line),
    );
    Ok(success(Value::Array(shown)))
}

/// POST /v2/finance/invoices/discounts: always empty here.
pub(crate) fn discounts(call: &Call) -> Result<Value, Refusal> {
    call.json()?;
    Ok(success(json!([])))
}

/// The lines of an invoice with their ids.
fn lines(invoice: &Invoice) -> impl Iterator<Item = (i32, &InvoiceLine)> {
    (invoice.id.saturating_mul(LINES).saturating_add(1)..).zip(&invoice.lines)
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

fn head(state: &State, invoice: &Invoice) -> Value {
    let made = invoice.made.to_string();
    let total = cents(invoice.lines.iter().map(|line| line.amount).sum());
    let known = json!({
        "id": invoice.id,
        "invoiceNumber": invoice.number(),
        "statusId": INVOICED.0,
        "statusName": INVOICED.1,
        "accountId": invoice.account,
        "accountName": state.account_named(invoice.account),
        "discount": 0.0,
        "totalPrice": total,
        "totalTax": 0.0,
        "grandTotal": total,
        "paymentDue": total,
        "paidAmount": 0.0,
        "invoiceDate": midnight(state.day(invoice.made)),
        "invoiceFrom": midnight(invoice.from),
        "invoiceTo": midnight(invoice.until.yesterday().unwrap_or(invoice.until)),
        "createdByUserName": state.login.user,
        "createdOn": made,
        "postedToAccounting": invoice.posted_to_accounting.is_some(),
        "postedToAccountingOn": invoice.posted_to_accounting.map(|at| at.to_string()),
        "generatedOn": made,
    });
    let unknown = [
        "notes",
        "accountLocationId",
        "accountLocationName",
        "projectId",
        "projectName",
        "poNumber",
        "salesTaxItemId",
        "salesTaxItemName",
        "salesRepId",
        "salesRepName",
        "classId",
        "className",
        "salesTaxRate",
        "dueDate",
        "sentOn",
        "contactFirstName",
        "contactLastName",
        "address1",
        "address2",
        "state",
        "city",
        "countryName",
        "zipCode",
        "emailAddress",
        "phoneNumber",
        "extension",
        "mobileNumber",
        "faxNumber",
        "sentByUserName",
        "createdById",
        "modifiedById",
        "modifiedByUserName",
        "modifiedOn",
        "accountingAppReference",
    ];
    with_nulls(known, &unknown)
}

fn row(state: &State, invoice: &Invoice, id: i32, line: &InvoiceLine) -> Value {
    let service = state.service(line.service);
    let contract = state.contract(invoice.contract);
    let sold = contract.into_iter().flat_map(|contract| &contract.lines).find(|sold| sold.id == line.line);
    let name = sold
        .and_then(|sold| sold.service_name.clone())
        .or_else(|| service.map(|service| service.name.clone()));
    let why = match line.kind {
        ChargeKind::Recurring => format!("From {}", line.from),
        ChargeKind::Proration => format!("Proration from {}", line.from),
        ChargeKind::Correction => format!("Correction of the period from {}", line.period),
    };
    let known = json!({
        "id": id,
        "invoiceId": invoice.id,
        "invoiceNumber": invoice.number(),
        "name": name,
        "description": why,
        "typeId": SERVICE.0,
        "typeName": SERVICE.1,
        "qty": line.quantity,
        "unitPrice": line.unit_price,
        "totalPrice": line.amount,
        "valueDate": midnight(line.from),
        "contractId": invoice.contract,
        "contractName": contract.map(|contract: &Contract| &contract.name),
        "isTaxable": service.is_some_and(|service| service.taxable),
    });
    with_nulls(known, &["glAccountId", "glAccountCode", "glAccountName", "classId", "className"])
}

impl Invoice {
    fn number(&self) -> String {
        format!("INV-{}", self.id)
    }
}

impl State {
    fn account_named(&self, id: i32) -> Option<&str> {
        self.account(id).map(|account| account.name.as_str())
    }
}
