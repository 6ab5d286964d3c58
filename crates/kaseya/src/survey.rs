//! The survey: all contracts by pages, each with its total.

use domain::{AnswerFault, ContractId, ShownContract};
use egress::{Body, Method};
use jiff::civil::Date;

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem},
    look_up::page_rows,
};

/// Rows of one page: Kaseya's default, and the most that any source has been seen to request.
pub const SURVEY_PAGE: usize = 100;

/// A contract as the survey shows it. Type, status and billing cycle are Kaseya's own words; no list of them is
/// published.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyedContract {
    /// Id in Kaseya.
    pub id: ContractId,
    /// Its name; empty when it has none.
    pub name: String,
    /// The name of its account; the survey does not show the account's id.
    pub account_name: String,
    /// Type, in Kaseya's words.
    pub contract_type: String,
    /// Status, in Kaseya's words.
    pub status: String,
    /// Billing cycle, in Kaseya's words.
    pub billing_cycle: String,
    /// Its first day; `None` if Kaseya shows none.
    pub start_date: Option<Date>,
    /// Its last day; `None` if it has none.
    pub end_date: Option<Date>,
    /// The total of all its lines; `None` if Kaseya shows none.
    pub total: Option<f64>,
}

impl From<SurveyedContract> for ShownContract {
    fn from(contract: SurveyedContract) -> Self {
        // Kaseya publishes no list of status words; any other word is looked up.
        let active = contract.status.trim().eq_ignore_ascii_case("active").then_some(true);
        Self {
            name: contract.name,
            account_name: Some(contract.account_name),
            contract_type: Some(contract.contract_type),
            active,
            billing_cycle: Some(contract.billing_cycle),
            start: contract.start_date,
            end: contract.end_date,
            total: contract.total,
        }
    }
}

/// One page of the survey.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyPage {
    /// Its contracts.
    pub contracts: Vec<SurveyedContract>,
    /// The number of all contracts; `None` if Kaseya does not say.
    pub total: Option<u64>,
}

impl SurveyPage {
    /// Whether no page follows page `number`.
    pub fn is_last(&self, number: usize) -> bool {
        let after = (number * SURVEY_PAGE) as u64;
        self.contracts.is_empty()
            || match self.total {
                Some(total) => after >= total,
                None => self.contracts.len() < SURVEY_PAGE,
            }
    }
}

fn surveyed(row: &Object) -> Result<SurveyedContract, Problem> {
    let text = |name| fields::text(row, name).unwrap_or_default().to_owned();
    let total = fields::get(row, "contractBillingPrice");
    Ok(SurveyedContract {
        id: ContractId(fields::id(row, "id", AnswerFault::RowWithoutId)?),
        name: text("contractName"),
        account_name: text("accountName"),
        contract_type: text("contractType"),
        status: text("status"),
        billing_cycle: text("billingCycle"),
        start_date: fields::date(row, "startDate", AnswerFault::StartDate)?,
        end_date: fields::date(row, "endDate", AnswerFault::EndDate)?,
        total: total.map(|total| total.as_f64().ok_or(AnswerFault::TotalNotANumber)).transpose()?,
    })
}

impl Session {
    /// Page `number` of all contracts that Kaseya shows to the user, counted from 1. Kaseya documents no order: a row
    /// may come on two pages, or on none when others shift between the calls.
    pub async fn survey_page(&self, number: usize) -> Result<SurveyPage, BmsError> {
        let query = vec![("PageSize", SURVEY_PAGE.to_string()), ("PageNumber", number.to_string())];
        self.survey(query, number).await
    }

    /// The contracts of accounts with this text as their name or as part of it, as the survey shows them.
    pub async fn surveyed_contracts_of(&self, account_name: &str) -> Result<Vec<SurveyedContract>, BmsError> {
        let mut found = Vec::new();
        for number in 1.. {
            let query = vec![
                ("PageSize", SURVEY_PAGE.to_string()),
                ("PageNumber", number.to_string()),
                ("Filter.AccountName", account_name.to_owned()),
            ];
            let page = self.survey(query, number).await?;
            // Kaseya may cut its pages shorter than requested: the total counts the rows that were shown.
            let is_last = match page.total {
                Some(total) => {
                    page.contracts.is_empty() || (found.len() + page.contracts.len()) as u64 >= total
                }
                None => page.is_last(number),
            };
            found.extend(page.contracts);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// One contract as the survey shows it, found by its names: there is no filter by id. `None` when the first page
    /// for these names does not show it.
    pub async fn surveyed_contract(
        &self,
        contract: ContractId,
        name: &str,
        account_name: Option<&str>,
    ) -> Result<Option<SurveyedContract>, BmsError> {
        let mut query = vec![
            ("PageSize", SURVEY_PAGE.to_string()),
            ("PageNumber", "1".to_owned()),
            ("Filter.ContractName", name.to_owned()),
        ];
        query.extend(account_name.map(|name| ("Filter.AccountName", name.to_owned())));
        let page = self.survey(query, 1).await?;
        Ok(page.contracts.into_iter().find(|row| row.id == contract))
    }

    async fn survey(
        &self,
        query: Vec<(&'static str, String)>,
        number: usize,
    ) -> Result<SurveyPage, BmsError> {
        let call = Call::v2(Method::Get, "/v2/finance/contracts/summary", query);
        let success = self.read(&call, || Body::None).await?;
        let rows = page_rows(&success, number)
            .and_then(|rows| rows.into_iter().map(surveyed).collect::<Result<_, _>>());
        let contracts = rows.map_err(|problem| self.garbled(&call, problem))?;
        Ok(SurveyPage { contracts, total: success.total })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(value: Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn what_the_vendor_describes_is_read_in_any_case_and_an_unset_end_is_none() {
        let shown = surveyed(&row(json!({
            "ID": 5, "ContractName": "Managed", "accountName": "Acme", "contractType": "Recurring Services",
            "contractBillingPrice": 42.5, "status": "Active", "billingCycle": "Monthly",
            "startDate": "2024-01-01T00:00:00", "endDate": "0001-01-01T00:00:00"
        })))
        .unwrap();
        assert_eq!((shown.id, shown.total, shown.end_date), (ContractId(5), Some(42.5), None));
        assert_eq!((shown.account_name.as_str(), shown.status.as_str()), ("Acme", "Active"));
    }

    #[test]
    fn a_row_without_an_id_or_with_a_total_that_is_none_is_an_error_and_a_missing_total_is_none() {
        for bad in [json!({"contractName": "x"}), json!({"id": 5, "contractBillingPrice": "much"})] {
            assert!(surveyed(&row(bad.clone())).is_err(), "{bad}");
        }
        assert_eq!(surveyed(&row(json!({"id": 5}))).unwrap().total, None);
    }

    #[test]
    fn the_last_page_is_known_by_the_total_or_by_being_short() {
        let page = |rows: usize, total| {
            let contracts = (0..rows).map(|_| surveyed(&row(json!({"id": 1}))).unwrap()).collect();
            SurveyPage { contracts, total }
        };
        assert!(page(100, Some(200)).is_last(2) && !page(100, Some(201)).is_last(2));
        assert!(page(99, None).is_last(1) && !page(100, None).is_last(1));
        assert!(page(0, Some(900)).is_last(3), "a page that holds nothing is followed by none");
        assert!(!page(40, Some(300)).is_last(1), "a short page is not the last where the total says so");
    }
}
