//! Reads over V2: contracts, services, accounts.

use std::collections::{BTreeSet, HashSet};

use domain::{AccountId, ContractId, ServiceId, ShownContract};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::json;

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem},
};

/// Ids in one call, and rows of one page.
const PAGE: usize = 100;

/// An agreement, as the look-up shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The contract.
    pub id: ContractId,
    /// Its name; empty when it has none.
    pub name: String,
    /// Whether it is active.
    pub is_active: bool,
    /// Its last day, if it has one.
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
    /// The service.
    pub id: ServiceId,
    /// Its name; empty when it has none.
    pub name: String,
}

/// Kaseya's client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
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
    fields::id(row, "id", "a row has no id")
}

fn is_active(row: &Object) -> Result<bool, Problem> {
    fields::flag(row, "isActive", "a row does not say whether it is active")
}

pub(crate) fn contract(row: &Object) -> Result<Contract, Problem> {
    Ok(Contract {
        id: ContractId(id(row)?),
        name: name(row),
        is_active: is_active(row)?,
        end_date: fields::date(row, "endDate", "a contract's end date is none")?,
    })
}

pub(crate) fn service(row: &Object) -> Result<Service, Problem> {
    Ok(Service { id: ServiceId(id(row)?), name: name(row) })
}

pub(crate) fn account(row: &Object) -> Result<Account, Problem> {
    Ok(Account { id: AccountId(id(row)?), name: name(row), is_active: is_active(row)? })
}

/// A text filter is a guess: what it lets through is looked at again.
fn has_part(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

impl Session {
    /// These contracts, as far as Kaseya shows them to the user, in the order of their ids.
    pub async fn contracts(&self, ids: &[ContractId]) -> Result<Vec<Contract>, BmsError> {
        let asked: Vec<ContractId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = Vec::new();
        for ids in asked.chunks(PAGE) {
            let query = ids.iter().map(|id| ("Ids", id.to_string())).collect();
            let call = Call::v2(Method::Get, "/v2/finance/contracts/lookup", query);
            let success = self.read(&call, || Body::None).await?;
            let rows =
                success.rows().and_then(|rows| rows.into_iter().map(contract).collect::<Result<Vec<_>, _>>());
            found.extend(rows.map_err(|problem| self.garbled(&call, problem))?);
        }
        found.retain(|contract| asked.binary_search(&contract.id).is_ok());
        found.sort_by_key(|contract| contract.id);
        found.dedup_by_key(|contract| contract.id);
        Ok(found)
    }

    /// The contracts of an account, as far as Kaseya shows them to the user, ended ones included.
    pub async fn contracts_of(&self, account: AccountId) -> Result<Vec<Contract>, BmsError> {
        let query = vec![("AccountId", account.to_string())];
        let call = Call::v2(Method::Get, "/v2/finance/contracts/lookup", query);
        let success = self.read(&call, || Body::None).await?;
        let rows =
            success.rows().and_then(|rows| rows.into_iter().map(contract).collect::<Result<Vec<_>, _>>());
        rows.map_err(|problem| self.garbled(&call, problem))
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

    /// The accounts with this part in their names, inactive ones too.
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

    /// These accounts, as far as Kaseya shows them to the user, inactive ones too.
    pub async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>, BmsError> {
        let asked: Vec<AccountId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = Vec::new();
        for ids in asked.chunks(PAGE) {
            let mut query = vec![("PageSize", PAGE.to_string()), ("PageNumber", "1".to_owned())];
            query.extend(ids.iter().map(|id| ("Filter.Ids", id.to_string())));
            query.push(("Filter.WithInactiveAccounts", "true".to_owned()));
            let call = Call::v2(Method::Get, "/v2/crm/accounts/lookup", query);
            let success = self.read(&call, || Body::None).await?;
            let rows =
                success.rows().and_then(|rows| rows.into_iter().map(account).collect::<Result<Vec<_>, _>>());
            found.extend(rows.map_err(|problem| self.garbled(&call, problem))?);
        }
        found.retain(|account| asked.binary_search(&account.id).is_ok());
        Ok(found)
    }

    /// All pages of a list. Rows that come twice because pages shifted in between are taken once.
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
            let rows = success.rows().map_err(garbled)?;
            let before = seen.len();
            for row in &rows {
                if seen.insert(id(row).map_err(garbled)?) {
                    found.push(parse(row).map_err(garbled)?);
                }
            }
            let all = match success.total {
                Some(total) => seen.len() as u64 >= total,
                None => rows.len() < PAGE,
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
