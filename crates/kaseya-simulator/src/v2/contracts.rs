//! Contracts: look-up and summary.

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::{midnight, page, success};
use crate::{
    Contract, ContractPrices, ContractStatus, State,
    call::Call,
    refusal::Refusal,
    rows::{Paging, holds, ids},
};

/// GET /v2/finance/contracts/lookup.
pub(crate) fn lookup(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let ids = ids(state, call, "Ids")?;
    let lists = &state.behaviour.lists;
    let account = call.query.integer("AccountId")?.filter(|_| !lists.ignores_account);
    let name = call.query.text("Name");
    let running_only = call.query.flag("ExcludeExpiredContracts")?.unwrap_or_default();
    let today = state.day(now);
    let asked = |contract: &&Contract| {
        (ids.is_empty() || ids.contains(&contract.id))
            && account.is_none_or(|account| contract.account == account)
            && holds(Some(&contract.name), name)
            && !(running_only && contract.end.is_some_and(|end| end < today))
    };
    let rows = state.contracts.iter().filter(asked).map(|contract| {
        json!({
            "id": contract.id,
            "name": contract.name,
            "isDefault": contract.default,
            "slaId": contract.terms.sla_id,
            "slaName": null,
            "isActive": contract.status == ContractStatus::Active,
            "endDate": contract.end.map(midnight),
        })
    });
    let most = lists.largest_page.map_or(usize::MAX, usize::from);
    Ok(success(rows.take(most).collect()))
}

/// GET /v2/finance/contracts/summary.
pub(crate) fn summary(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let today = state.day(now);
    let filter = |name: &str| call.query.text(&format!("Filter.{name}"));
    let asked = |contract: &&Contract| {
        holds(Some(&contract.contract_type), filter("ContractType"))
            && holds(Some(&contract.name), filter("ContractName"))
            && holds(Some(&contract.billing_cycle), filter("BillingCycle"))
            && filter("AccountName").is_none_or(|asked| holds(state.account_name(contract), Some(asked)))
            // A substring match of "Active" would find "Inactive" too.
            && filter("Status").is_none_or(|asked| asked.eq_ignore_ascii_case(contract.status.words()))
    };
    let row = |contract: &Contract| {
        json!({
            "id": contract.id,
            "contractName": contract.name,
            "accountName": state.account_name(contract),
            "contractType": contract.contract_type,
            "contractBillingPrice": match state.behaviour.lists.contract_prices {
                ContractPrices::Sum => Some(state.billing_price(contract, today)),
                ContractPrices::Zero => Some(0.0),
                ContractPrices::Null => None,
            },
            "status": contract.status.words(),
            "contractNumber": contract.number(),
            "billingCycle": contract.billing_cycle,
            "startDate": midnight(contract.start),
            "endDate": midnight(contract.shown_end()),
        })
    };
    let contracts = state.contracts.iter().filter(asked).collect();
    Ok(page(contracts, &paging, |contract| contract.id, row))
}

impl State {
    /// The name of a contract's account, if the account exists.
    pub(super) fn account_name(&self, contract: &Contract) -> Option<&str> {
        self.account(contract.account).map(|account| account.name.as_str())
    }
}

impl Contract {
    pub(super) fn number(&self) -> String {
        format!("C-{}", self.id)
    }

    /// An end is declared as always present, so an absent one becomes the earliest date.
    pub(super) fn shown_end(&self) -> Date {
        self.end.unwrap_or(Date::constant(1, 1, 1))
    }
}
