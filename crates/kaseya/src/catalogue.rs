//! How services stand in the catalogue.
//!
//! No call tells it of several services by their ids, so they are searched for by name, which a service may have changed
//! since it was mapped: only the look-up by id tells that the catalogue does not show one.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AnswerFault, ServiceId, ServiceState};
use egress::{Body, Method};
use serde_json::{Value, json};

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem},
    look_up::{LookUpKind, PAGE, page_rows},
};

fn state(row: &Object) -> Result<(ServiceId, ServiceState), Problem> {
    let id = ServiceId(fields::id(row, "id", AnswerFault::RowWithoutId)?);
    let active = fields::flag(row, "isActive", AnswerFault::RowWithoutActive)?;
    Ok((id, if active { ServiceState::Active } else { ServiceState::Inactive }))
}

impl Session {
    /// How these services stand, each asked for with the name that it was mapped by. One that is there and was not found
    /// under its name is left out: nothing is said of it.
    pub async fn service_states(
        &self,
        asked: &BTreeMap<ServiceId, String>,
    ) -> Result<BTreeMap<ServiceId, ServiceState>, BmsError> {
        let mut known: BTreeMap<ServiceId, ServiceState> = BTreeMap::new();
        // A small catalogue tells of all of them at once.
        if asked.len() > 1 {
            known.extend(self.catalogue_page(&json!({})).await?);
        }
        for (service, name) in asked {
            if !known.contains_key(service) {
                known.extend(self.catalogue_page(&json!({ "Name": name })).await?);
            }
            if !known.contains_key(service) {
                let asked = BTreeSet::from([service.0]);
                let at_hand = known.keys().next().map(|there| there.0);
                let found = self.look_up(LookUpKind::Services, &asked, at_hand, |_| Ok(())).await?;
                if found.is_missing(service.0) {
                    known.insert(*service, ServiceState::NotShown);
                }
            }
        }
        known.retain(|service, _| asked.contains_key(service));
        Ok(known)
    }

    /// The first page of the services that a filter lets through, active or not.
    async fn catalogue_page(&self, filter: &Value) -> Result<Vec<(ServiceId, ServiceState)>, BmsError> {
        let call = Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new());
        let body = || Body::Json(json!({"PageSize": PAGE, "PageNumber": 1, "Filter": filter}));
        let success = self.read(&call, body).await?;
        let rows =
            page_rows(&success, 1).and_then(|rows| rows.into_iter().map(state).collect::<Result<_, _>>());
        rows.map_err(|problem| self.garbled(&call, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_say_whether_it_is_active_is_an_error() {
        let row = |value: Value| value.as_object().cloned().unwrap();
        assert_eq!(
            state(&row(json!({"Id": 7, "ISACTIVE": false}))),
            Ok((ServiceId(7), ServiceState::Inactive))
        );
        for bad in [json!({"id": 7}), json!({"isActive": true}), json!({"id": 7, "isActive": 1})] {
            assert!(state(&row(bad.clone())).is_err(), "{bad}");
        }
    }
}
