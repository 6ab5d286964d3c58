//! V2 reads: contracts, services, accounts.

use std::collections::{BTreeSet, HashSet};

use domain::{AccountId, AnswerFault, ContractId, ServiceId, ShownContract};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::json;

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem, names_no_other},
    lines::looks_full,
    look_up::{LookUp, page_rows},
    look_up_kind::{LookUpKind, PAGE},
};

/// A contract as the look-up shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Id in Kaseya.
    pub id: ContractId,
    /// Its name; empty when it has none.
    pub name: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Its last day; `None` without an end.
    pub end_date: Option<Date>,
}

impl From<Contract> for ShownContract {
    fn from(contract: Contract) -> Self {
        Self {
            name: contract.name,
            active: Some(contract.is_active),
            end: contract.end_date,
            ..Self::default()
        }
    }
}

/// A sellable item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Id in Kaseya.
    pub id: ServiceId,
    /// Its name; empty when it has none.
    pub name: String,
}

/// Kaseya's client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id in Kaseya.
    pub id: AccountId,
    /// Its name; empty when it has none.
    pub name: String,
    /// Whether it is active.
    pub is_active: bool,
}

fn name(row: &Object) -> String {
    fields::text(row, "name").unwrap_or_default().to_owned()
}

fn id(row: &Object) -> Result<i32, Problem> {
    fields::id(row, "id", AnswerFault::RowWithoutId)
}

fn is_active(row: &Object) -> Result<bool, Problem> {
    fields::flag(row, "isActive", AnswerFault::RowWithoutActive)
}

pub(crate) fn contract(row: &Object) -> Result<Contract, Problem> {
    Ok(Contract {
        id: ContractId(id(row)?),
        name: name(row),
        is_active: is_active(row)?,
        end_date: fields::date(row, "endDate", AnswerFault::EndDate)?,
    })
}

pub(crate) fn service(row: &Object) -> Result<Service, Problem> {
    Ok(Service { id: ServiceId(id(row)?), name: name(row) })
}

pub(crate) fn account(row: &Object) -> Result<Account, Problem> {
    Ok(Account { id: AccountId(id(row)?), name: name(row), is_active: is_active(row)? })
}

fn of_account(account: AccountId) -> Call {
    Call::v2(Method::Get, "/v2/finance/contracts/lookup", vec![("AccountId", account.to_string())])
}

/// The text filter of Kaseya is a guess, so its results are filtered again.
fn has_part(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

impl Session {
    /// These contracts, as far as Kaseya shows them to the user, ordered by id. Fails if the answers do not say of
    /// each whether it exists.
    pub async fn contracts(&self, ids: &[ContractId]) -> Result<Vec<Contract>, BmsError> {
        let found = self.look_up_contracts(ids).await?;
        self.whole(LookUpKind::Contracts, found)
    }

    /// These contracts, and the ids that the answers say nothing about.
    pub async fn look_up_contracts(&self, ids: &[ContractId]) -> Result<LookUp<Contract>, BmsError> {
        let asked: BTreeSet<i32> = ids.iter().map(|id| id.0).collect();
        self.look_up(LookUpKind::Contracts, &asked, None, contract).await
    }

    /// The error for a contract when the look-up does not say whether it exists.
    pub fn contract_not_known(&self) -> BmsError {
        self.not_known(LookUpKind::Contracts)
    }

    /// Whether a contract belongs to an account, for a decision. Fails if Kaseya ignores the account filter, and if
    /// the contract is not in an answer that may be incomplete.
    pub async fn is_contract_of(&self, contract: ContractId, account: AccountId) -> Result<bool, BmsError> {
        let (found, may_go_on) = self.some_contracts_of(account).await?;
        if !found.is_empty() && !self.own().account_filter_works {
            // No account has this id, so only an ignored filter shows any contract.
            let nobody = AccountId(i32::MAX);
            let call = of_account(nobody);
            match self.read(&call, || Body::None).await {
                Ok(success) => {
                    let rows = success.rows().map_err(|problem| self.garbled(&call, problem))?;
                    if !rows.is_empty() {
                        return Err(self.garbled(&call, AnswerFault::FilterIgnored));
                    }
                }
                // If an unknown account is an error, the filter is not ignored either.
                Err(BmsError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
            self.own().account_filter_works = true;
        }
        let is_there = found.iter().any(|found| found.id == contract);
        if !is_there && may_go_on {
            return Err(self.garbled(&of_account(account), AnswerFault::PartOfList));
        }
        Ok(is_there)
    }

    /// The contracts of an account, as far as Kaseya shows them to the user, including ended ones.
    pub async fn contracts_of(&self, account: AccountId) -> Result<Vec<Contract>, BmsError> {
        self.some_contracts_of(account).await.map(|(found, _)| found)
    }

    /// The contracts of an account that one answer shows, and whether there may be more.
    async fn some_contracts_of(&self, account: AccountId) -> Result<(Vec<Contract>, bool), BmsError> {
        let call = of_account(account);
        let success = self.read(&call, || Body::None).await?;
        let parse = |row: &Object| names_no_other(row, "accountId", account.0).and_then(|()| contract(row));
        let rows = success.rows().and_then(|rows| rows.into_iter().map(parse).collect::<Result<Vec<_>, _>>());
        let rows = rows.map_err(|problem| self.garbled(&call, problem))?;
        // Kaseya documents no paging here, so no further page can be requested.
        let may_go_on = success.total.map_or(looks_full(rows.len()), |total| total > rows.len() as u64);
        Ok((rows, may_go_on))
    }

    /// The active services with this part in their names.
    pub async fn services(&self, part: &str) -> Result<Vec<Service>, BmsError> {
        let call = |_| Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new());
        let body = |page| {
            let filter = json!({"Name": part, "IsActive": 1});
            Body::Json(json!({"PageSize": PAGE, "PageNumber": page, "Filter": filter}))
        };
        let mut found = self.pages(call, body, service).await?;
        found.retain(|service| has_part(&service.name, part));
        Ok(found)
    }

    /// The accounts with this part in their names, including inactive ones.
    pub async fn accounts(&self, part: &str) -> Result<Vec<Account>, BmsError> {
        let call = |page: usize| {
            let query = vec![
                ("PageSize", PAGE.to_string()),
                ("PageNumber", page.to_string()),
                ("Filter.Name", part.to_owned()),
                ("Filter.WithInactiveAccounts", "true".to_owned()),
            ];
            Call::v2(Method::Get, "/v2/crm/accounts/lookup", query)
        };
        let mut found = self.pages(call, |_| Body::None, account).await?;
        found.retain(|account| has_part(&account.name, part));
        Ok(found)
    }

    /// These accounts, as far as Kaseya shows them to the user, including inactive ones. Fails if the answers do not
    /// say of each whether it exists.
    pub async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>, BmsError> {
        let found = self.look_up_accounts(ids).await?;
        self.whole(LookUpKind::Accounts, found)
    }

    /// These accounts, and the ids that the answers say nothing about.
    pub async fn look_up_accounts(&self, ids: &[AccountId]) -> Result<LookUp<Account>, BmsError> {
        let asked: BTreeSet<i32> = ids.iter().map(|id| id.0).collect();
        self.look_up(LookUpKind::Accounts, &asked, None, account).await
    }

    fn whole<T>(&self, kind: LookUpKind, found: LookUp<T>) -> Result<Vec<T>, BmsError> {
        if found.not_known.is_empty() {
            Ok(found.shown.into_values().collect())
        } else {
            Err(self.not_known(kind))
        }
    }

    /// All pages of a list. Rows that come twice because pages shifted between the calls are kept once.
    async fn pages<T>(
        &self,
        call: impl Fn(usize) -> Call,
        body: impl Fn(usize) -> Body,
        parse: impl Fn(&Object) -> Result<T, Problem>,
    ) -> Result<Vec<T>, BmsError> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        for page in 1.. {
            let call = call(page);
            let success = self.read(&call, || body(page)).await?;
            let garbled = |problem| self.garbled(&call, problem);
            let rows = page_rows(&success, page).map_err(garbled)?;
            let before = seen.len();
            for row in &rows {
                if seen.insert(id(row).map_err(garbled)?) {
                    found.push(parse(row).map_err(garbled)?);
                }
            }
            let all = match success.total {
                Some(total) => seen.len() as u64 >= total,
                // A server may cut pages below the requested size.
                None => rows.len() < PAGE && !looks_full(rows.len()),
            };
            // A page with nothing new is the end as well: the next would be no better.
            if all || seen.len() == before {
                break;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn rows_without_their_fields_are_an_error_and_names_may_be_missing() {
        let row = |value: Value| value.as_object().cloned().unwrap();
        let shown =
            contract(&row(json!({"Id": 5, "ISACTIVE": true, "EndDate": "2027-12-31T00:00:00"}))).unwrap();
        let end_date = Some("2027-12-31".parse().unwrap());
        assert_eq!(shown, Contract { id: ContractId(5), name: String::new(), is_active: true, end_date });
        for bad in [
            json!({"isActive": true}),
            json!({"id": 5}),
            json!({"id": 5, "isActive": "yes"}),
            json!({"id": 5, "isActive": true, "endDate": "never"}),
        ] {
            assert!(contract(&row(bad.clone())).is_err(), "{bad}");
        }
    }
}
