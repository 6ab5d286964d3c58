//! Builds states in a few words, for tests and the demo.

use jiff::civil::date;
use serde_json::{Map, json};

use crate::{
    Account, Behaviour, Billing, Contract, ContractStatus, ContractTerms, Line, Login, Service, State,
};

/// Builds a [`State`]; created by [`State::builder`].
#[derive(Debug)]
pub struct Builder {
    state: State,
}

impl State {
    /// An empty tenant "Example MSP" in Rome, with the user `sync@msp.example` and the password `correct horse`.
    pub fn builder() -> Builder {
        let login = Login {
            user: "sync@msp.example".to_owned(),
            password: "correct horse".to_owned(),
            tenant: "Example MSP".to_owned(),
        };
        let time_zone = "Europe/Rome".to_owned();
        let (accounts, services, contracts, history) = Default::default();
        Builder {
            state: Self {
                login,
                time_zone,
                accounts,
                services,
                contracts,
                history,
                invoices: Vec::new(),
                invoiced: Vec::new(),
                posted: Vec::new(),
                behaviour: Behaviour::default(),
            },
        }
    }
}

impl Builder {
    /// Replaces the login.
    pub fn login(mut self, user: &str, password: &str, tenant: &str) -> Self {
        self.state.login =
            Login { user: user.to_owned(), password: password.to_owned(), tenant: tenant.to_owned() };
        self
    }

    /// Adds an active account.
    pub fn account(mut self, id: i32, name: &str) -> Self {
        self.state.accounts.push(Account { id, name: name.to_owned(), active: true });
        self
    }

    /// Adds an active service with its price. Its cost is half the price.
    pub fn service(mut self, id: i32, name: &str, unit_price: f64) -> Self {
        self.state.services.push(Service {
            id,
            name: name.to_owned(),
            description: Some(format!("{name}, per user and month")),
            unit_cost: unit_price / 2.0,
            unit_price,
            active: true,
            taxable: true,
        });
        self
    }

    /// Adds an active, monthly contract of type Recurring Services from 2024 on, without an end.
    pub fn contract(mut self, id: i32, account: i32, name: &str) -> Self {
        let default = self.state.contracts.iter().all(|contract| contract.account != account);
        self.state.contracts.push(Contract {
            id,
            account,
            name: name.to_owned(),
            contract_type: "Recurring Services".to_owned(),
            status: ContractStatus::Active,
            billing_cycle: "Monthly".to_owned(),
            start: date(2024, 1, 1),
            end: None,
            default,
            billing: Billing::Arrears,
            terms: ContractTerms::default(),
            lines: Vec::new(),
        });
        self
    }

    /// Adds a line to the contract added last, at the service's price (0 if it is not in the catalogue), with two
    /// fields that clients need not know.
    ///
    /// # Panics
    /// No contract was added before.
    pub fn line(mut self, id: i32, service: i32, units: f64) -> Self {
        let sold = self.state.services.iter().find(|sold| sold.id == service);
        let extras =
            Map::from_iter([("IsTaxable".to_owned(), json!(true)), ("BillingNote".to_owned(), json!(null))]);
        let mut line = Line {
            id,
            service,
            service_name: sold.map(|sold| sold.name.clone()),
            service_description: sold.and_then(|sold| sold.description.clone()),
            units,
            unit_price: sold.map_or(0.0, |sold| sold.unit_price),
            unit_cost: sold.map_or(0.0, |sold| sold.unit_cost),
            effective_date: date(2024, 1, 1),
            sort_order: None,
            extras,
            until_then: None,
            counts_itself: None,
        };
        let contract = self.state.contracts.last_mut().expect("a line is named after its contract");
        line.sort_order = i32::try_from(contract.lines.len() + 1).ok();
        contract.lines.push(line);
        self
    }

    /// Edits the state freely, for anything the other methods do not cover.
    pub fn with(mut self, edit: impl FnOnce(&mut State)) -> Self {
        edit(&mut self.state);
        self
    }

    /// Returns the state.
    pub fn build(self) -> State {
        self.state
    }
}
