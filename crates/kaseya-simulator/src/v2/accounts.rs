//! Accounts: look-up, summary, single account, and types.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{page, success, with_nulls};
use crate::{
    Account, State,
    call::Call,
    refusal::Refusal,
    rows::{Paging, holds, ids},
};

/// The only type of account here.
const CUSTOMER: (i32, &str) = (1, "Customer");
/// When every account was created and last edited: the simulator stores no such dates.
const MADE: Date = Date::constant(2024, 1, 1);

/// GET /v2/crm/accounts/lookup.
pub(crate) fn lookup(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let ids = ids(state, call, "Filter.Ids")?;
    let name = call.query.text("Filter.Name");
    let inactive_too = call.query.flag("Filter.WithInactiveAccounts")?.unwrap_or_default();
    let asked = |account: &&Account| {
        (ids.is_empty() || ids.contains(&account.id))
            && holds(Some(&account.name), name)
            && (account.active || inactive_too)
            && state.shows(account)
    };
    let row = |account: &Account| {
        json!({
            "id": account.id,
            "name": account.name,
            "tenantName": state.login.tenant,
            "isActive": account.active,
        })
    };
    let accounts = state.accounts.iter().filter(asked).collect();
    Ok(success(Value::Array(paging.cut(accounts, |account| account.id, row))))
}

/// GET /v2/crm/accounts/summary.
pub(crate) fn summary(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let (name, code) = (call.query.text("Filter.AccountName"), call.query.text("Filter.AccountCode"));
    let (kind, kind_id) =
        (call.query.text("Filter.AccountTypeName"), call.query.integer("Filter.AccountTypeId")?);
    let active = call.query.flag("Filter.IsActive")?;
    let mut known_then = true;
    for filter in ["Filter.CreatedOn", "Filter.ModifiedOn"] {
        let edge = |end: &str| call.query.date(&format!("{filter}{end}"));
        known_then &= edge("From")?.is_none_or(|from| from <= MADE);
        known_then &= edge("To")?.is_none_or(|to| MADE <= to);
    }
    let asked = |account: &&Account| {
        known_then
            && holds(Some(&account.name), name)
            && holds(Some(&number(account)), code)
            && holds(Some(CUSTOMER.1), kind)
            && kind_id.is_none_or(|id| id == CUSTOMER.0)
            && active.is_none_or(|active| active == account.active)
            && state.shows(account)
    };
    let accounts = state.accounts.iter().filter(asked).collect();
    Ok(page(accounts, &paging, |account| account.id, |account| row(state, account)))
}

/// GET /v2/crm/accounts/summary/{id}: declared without the envelope.
pub(crate) fn one(state: &State, call: &Call) -> Result<Value, Refusal> {
    let account = state.account(call.id("id")?).filter(|account| state.shows(account));
    account.map(|account| row(state, account)).ok_or(Refusal::Unknown)
}

/// GET /v2/system/accounttypes/lookup.
pub(crate) fn types() -> Value {
    let (id, name) = CUSTOMER;
    success(json!([{ "id": id, "name": name, "isActive": true, "isClient": true, "isVendor": false }]))
}

fn number(account: &Account) -> String {
    format!("A-{}", account.id)
}

fn row(state: &State, account: &Account) -> Value {
    let made = super::midnight(MADE);
    let known = json!({
        "id": account.id,
        "createdBy": 1,
        "createdOn": made,
        "modifiedBy": 1,
        "modifiedOn": made,
        "accountCode": number(account),
        "accountTypeId": CUSTOMER.0,
        "accountType": CUSTOMER.1,
        "accountName": account.name,
        "currencyName": "EUR",
        "isActive": account.active,
        "isBilling": true,
        "tenantName": state.login.tenant,
        "locations": [],
    });
    let unknown = [
        "parentId",
        "businessTypeId",
        "businessType",
        "serviceTypeId",
        "serviceType",
        "accountManagerId",
        "accountManagerUserName",
        "currencyId",
        "creditLimit",
        "netDays",
        "salesTaxItemId",
        "salesTaxItemName",
        "website",
        "description",
        "classId",
        "className",
        "acquiredDate",
    ];
    with_nulls(known, &unknown)
}

impl State {
    /// Whether the user's role may see an account.
    fn shows(&self, account: &Account) -> bool {
        !self.behaviour.role.hidden_accounts.contains(&account.id)
    }
}
