//! What a page looks up in Kaseya while a person waits.

use std::collections::BTreeMap;

use connection::{NotRead, NotTried};
use domain::{AccountId, ContractId, ErrorCode, PartnerId, is_recurring_services};
use jiff::{ToSpan as _, civil::Date};
use kaseya::{Account, Contract, Service, SurveyedContract};
use store::kaseya::names::{self, NameOf};

use crate::Connections;

/// Days before its end at which a contract gets a warning (B-09).
const ENDS_SOON: i64 = 30;

/// An account's contract, and whether it can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractChoice {
    /// The contract.
    pub id: ContractId,
    /// The contract's name; empty if it has none.
    pub name: String,
    /// The contract's type in Kaseya's words, if shown.
    pub contract_type: Option<String>,
    /// Whether the contract is active.
    pub is_active: bool,
    /// The contract's last day, if any.
    pub end: Option<Date>,
    /// Why it cannot be chosen: CON-01, CON-02 or CON-03.
    pub refused: Option<ErrorCode>,
    /// Whether it can be chosen and ends soon.
    pub ends_soon: bool,
}

impl Connections {
    /// Active services with `part` in their names, from all pages.
    pub async fn services(&self, partner: &PartnerId, part: &str) -> Result<Vec<Service>, NotRead> {
        let part = part.trim();
        let shown = self.reader.read(partner, |session| async move { session.services(part).await }).await?;
        let names = shown.iter().map(|service| (service.id.0, service.name.clone()));
        self.remember(partner, NameOf::Service, names.collect()).await?;
        Ok(shown)
    }

    /// Accounts with `part` in their names, from all pages, inactive ones included.
    pub async fn accounts(&self, partner: &PartnerId, part: &str) -> Result<Vec<Account>, NotRead> {
        let part = part.trim();
        let shown = self.reader.read(partner, |session| async move { session.accounts(part).await }).await?;
        let names = shown.iter().map(|account| (account.id.0, account.name.clone()));
        self.remember(partner, NameOf::Account, names.collect()).await?;
        Ok(shown)
    }

    /// Remembers Kaseya's names for what a person was shown: the person's choice is compared with them.
    async fn remember(
        &self,
        partner: &PartnerId,
        of: NameOf,
        names: BTreeMap<i32, String>,
    ) -> Result<(), NotRead> {
        let now = self.operations.clock.now();
        let store = &self.operations.store;
        let remembered = store.transaction("see_names", |tx| {
            let names = &names;
            Box::pin(async move { names::see(tx, partner, of, names, now).await })
        });
        Ok(remembered.await.map_err(NotTried::Store)?)
    }

    /// The contracts of the account with this name; those that can be chosen come first.
    pub async fn contracts(
        &self,
        partner: &PartnerId,
        account: AccountId,
        account_name: &str,
    ) -> Result<Vec<ContractChoice>, NotRead> {
        let (contracts, surveyed) = self
            .reader
            .read(partner, |session| async move {
                let contracts = session.contracts_of(account).await?;
                // The look-up shows no contract type.
                let surveyed = session.surveyed_contracts_of(account_name).await?;
                Ok((contracts, surveyed))
            })
            .await?;
        let names = contracts.iter().map(|contract| (contract.id.0, contract.name.clone()));
        self.remember(partner, NameOf::Contract, names.collect()).await?;
        let today = self.today();
        let surveyed: BTreeMap<ContractId, SurveyedContract> =
            surveyed.into_iter().map(|contract| (contract.id, contract)).collect();
        let mut choices: Vec<ContractChoice> = contracts
            .into_iter()
            .map(|contract| {
                let kind = surveyed.get(&contract.id).map(|surveyed| surveyed.contract_type.clone());
                choice(contract, kind, today)
            })
            .collect();
        choices.sort_by(|one, other| {
            (one.refused.is_some(), &one.name, one.id).cmp(&(other.refused.is_some(), &other.name, other.id))
        });
        Ok(choices)
    }

    /// The user's IANA time zone in Kaseya, if Kaseya returns a valid one.
    pub async fn time_zone(&self, partner: &PartnerId) -> Result<Option<String>, NotRead> {
        let user = self.reader.read(partner, |session| async move { session.user_info().await }).await?;
        Ok(user.time_zone.filter(|zone| jiff::tz::TimeZone::get(zone).is_ok()))
    }

    /// The day that has begun everywhere: a contract must not show as ended where it may still be its last day.
    fn today(&self) -> Date {
        self.operations.clock.now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-12))).date()
    }
}

fn choice(contract: Contract, contract_type: Option<String>, today: Date) -> ContractChoice {
    let Contract { id, name, is_active, end_date: end } = contract;
    let contract_type = contract_type.filter(|kind| !kind.trim().is_empty());
    let refused = if end.is_some_and(|end| end < today) {
        Some(ErrorCode::Con01)
    } else if !is_active {
        Some(ErrorCode::Con02)
    } else if contract_type.as_deref().is_some_and(|kind| !is_recurring_services(kind)) {
        Some(ErrorCode::Con03)
    } else {
        None
    };
    let ends_soon = refused.is_none() && end.is_some_and(|end| end <= today.saturating_add(ENDS_SOON.days()));
    ContractChoice { id, name, contract_type, is_active, end, refused, ends_soon }
}
