//! Serves a call that is let through: checks limit, login and right, then carries it out.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    ContractStatus, Endpoint,
    call::Call,
    endpoint::Api,
    fields::Fields,
    inside::Inside,
    refusal::Refusal,
    v1,
    v2::{accounts, contract_writes, contracts, invoices, security, services},
};

impl Inside {
    pub fn perform(&mut self, call: &Call, form: &Fields, now: Timestamp) -> Result<Value, Refusal> {
        if let Some(limits) = &mut self.limits {
            limits.admit(call.endpoint, now, &self.state.behaviour.limits).map_err(Refusal::Limit)?;
        }
        match call.endpoint {
            Endpoint::Authenticate => security::authenticate(&self.state, &mut self.sessions, form, now),
            Endpoint::Refresh => security::refresh(&self.state, &mut self.sessions, form, now),
            Endpoint::V1Token => v1::token(&self.state, &mut self.sessions, form, now),
            _ => {
                let user = self.user(call, now)?;
                let role = &self.state.behaviour.role;
                let lacks = match call.endpoint.api() {
                    Api::V1 => &role.lacks_on_v1,
                    Api::V2 => &role.lacks_on_v2,
                };
                if call.endpoint.right().is_some_and(|right| lacks.contains(&right)) {
                    return Err(Refusal::Right);
                }
                self.logged_in(call, now, &user)
            }
        }
    }

    fn user(&self, call: &Call, now: Timestamp) -> Result<String, Refusal> {
        let token = call.bearer.as_deref().ok_or(Refusal::Token)?;
        let user = match call.endpoint.api() {
            Api::V1 => self.sessions.v1_user(token, now),
            Api::V2 => self.sessions.v2_user(token, now),
        };
        user.map(str::to_owned).ok_or(Refusal::Token)
    }

    fn logged_in(&mut self, call: &Call, now: Timestamp, user: &str) -> Result<Value, Refusal> {
        let state = &self.state;
        match call.endpoint {
            Endpoint::SsoStatus => Ok(security::sso_status()),
            Endpoint::UserInfo => Ok(security::user_info(state, now)),
            Endpoint::Settings => Ok(security::settings()),
            Endpoint::ContractsLookup => contracts::lookup(state, call, now),
            Endpoint::ContractsSummary => contracts::summary(state, call, now),
            Endpoint::CreateContract => self.change(|state| contract_writes::create(state, call, now, user)),
            Endpoint::UpdateContract => self.change(|state| contract_writes::update(state, call, now)),
            Endpoint::AddServices => {
                self.change(|state| contract_writes::add_services(state, call, now, user))
            }
            Endpoint::ActivateContract => {
                self.change(|state| contract_writes::switch(state, call, ContractStatus::Active))
            }
            Endpoint::DeactivateContract => {
                self.change(|state| contract_writes::switch(state, call, ContractStatus::Inactive))
            }
            Endpoint::ServicesSearch => services::search(state, call),
            Endpoint::ServicesLookup => services::lookup(state, call),
            Endpoint::Service => services::one(state, call),
            Endpoint::RelatedServices => services::related(state, call),
            Endpoint::AccountsLookup => accounts::lookup(state, call),
            Endpoint::AccountsSummary => accounts::summary(state, call),
            Endpoint::AccountSummary => accounts::one(state, call),
            Endpoint::AccountTypes => Ok(accounts::types()),
            Endpoint::InvoicesSummary => invoices::summary(state, call),
            Endpoint::Invoice => invoices::one(state, call),
            Endpoint::InvoiceDetails => invoices::details(state, call),
            Endpoint::InvoiceDiscounts => invoices::discounts(call),
            Endpoint::ContractLines => v1::lines(state, call, now),
            Endpoint::WriteLine => self.change(|state| v1::write_line(state, call, now, user)),
            Endpoint::Authenticate | Endpoint::Refresh | Endpoint::V1Token => Err(Refusal::Token),
        }
    }
}
