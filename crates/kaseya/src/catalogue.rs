//! The state of services in the catalogue.
//!
//! No call shows several services by their ids, so they are searched by name. A service may have a new name since it
//! was mapped, and only the look-up by id shows that the catalogue does not have it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AnswerFault, ServiceId, ServiceState};
use egress::{Body, Method};
use serde_json::{Value, json};

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem},
    look_up::page_rows,
    look_up_kind::{LookUpKind, PAGE},
};

/// What the catalogue shows of services.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// State by service.
    pub states: BTreeMap<ServiceId, ServiceState>,
    /// Name by service.
    pub names: BTreeMap<ServiceId, String>,
}

impl Catalogue {
    fn take(&mut self, rows: Vec<Entry>) {
        for Entry { service, state, name } in rows {
            self.states.insert(service, state);
            self.names.extend(name.map(|name| (service, name)));
        }
    }
}

/// A service as a search shows it.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    service: ServiceId,
    state: ServiceState,
    name: Option<String>,
}

fn entry(row: &Object) -> Result<Entry, Problem> {
    let service = ServiceId(fields::id(row, "id", AnswerFault::RowWithoutId)?);
    let active = fields::flag(row, "isActive", AnswerFault::RowWithoutActive)?;
    let state = if active { ServiceState::Active } else { ServiceState::Inactive };
    Ok(Entry { service, state, name: name(row) })
}

fn name(row: &Object) -> Option<String> {
    fields::text(row, "name").filter(|name| !name.trim().is_empty()).map(str::to_owned)
}

impl Session {
    /// The state of these services, each searched by the name it was mapped with. A service that exists but was not
    /// found under its name gets a name and no state.
    pub async fn service_states(&self, asked: &BTreeMap<ServiceId, String>) -> Result<Catalogue, BmsError> {
        let mut known = Catalogue::default();
        // A small catalogue shows all of them at once.
        if asked.len() > 1 {
            known.take(self.catalogue_page(&json!({})).await?);
        }
        for (service, name) in asked {
            if !known.states.contains_key(service) {
                known.take(self.catalogue_page(&json!({ "Name": name })).await?);
            }
            if known.states.contains_key(service) {
                continue;
            }
            let asked = BTreeSet::from([service.0]);
            let at_hand = known.states.keys().next().map(|there| there.0);
            let found =
                self.look_up(LookUpKind::Services, &asked, at_hand, |row| Ok(self::name(row))).await?;
            match found.shown.get(&service.0) {
                Some(name) => known.names.extend(name.clone().map(|name| (*service, name))),
                None => {
                    if found.is_missing(service.0) {
                        known.states.insert(*service, ServiceState::NotShown);
                    }
                }
            }
        }
        known.states.retain(|service, _| asked.contains_key(service));
        known.names.retain(|service, _| asked.contains_key(service));
        Ok(known)
    }

    /// The first page of the services that pass a filter, active or not.
    async fn catalogue_page(&self, filter: &Value) -> Result<Vec<Entry>, BmsError> {
        let call = Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new());
        let body = || Body::Json(json!({"PageSize": PAGE, "PageNumber": 1, "Filter": filter}));
        let success = self.read(&call, body).await?;
        let rows =
            page_rows(&success, 1).and_then(|rows| rows.into_iter().map(entry).collect::<Result<_, _>>());
        rows.map_err(|problem| self.garbled(&call, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_say_whether_it_is_active_is_an_error() {
        let row = |value: Value| value.as_object().cloned().unwrap();
        let inactive = Entry { service: ServiceId(7), state: ServiceState::Inactive, name: None };
        assert_eq!(entry(&row(json!({"Id": 7, "ISACTIVE": false}))), Ok(inactive));
        for bad in [json!({"id": 7}), json!({"isActive": true}), json!({"id": 7, "isActive": 1})] {
            assert!(entry(&row(bad.clone())).is_err(), "{bad}");
        }
    }
}
