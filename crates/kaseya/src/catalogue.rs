//! How services stand in the catalogue.
//!
//! No call tells it of several services by their ids, so they are searched for by name, which a service may have changed
//! since it was mapped: only the look-up by id tells that the catalogue does not show one.

use std::collections::BTreeMap;

use domain::{ServiceId, ServiceState};
use egress::{Body, Method};
use serde_json::{Value, json};

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object, Problem},
};

/// Rows of one page.
const PAGE: usize = 100;

fn state(row: &Object) -> Result<(ServiceId, ServiceState), Problem> {
    let id = ServiceId(fields::id(row, "id", "a service has no id")?);
    let active = fields::flag(row, "isActive", "a service does not say whether it is active")?;
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
            if !known.contains_key(service) && !self.is_in_catalogue(*service).await? {
                known.insert(*service, ServiceState::NotShown);
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
        let rows = success.rows().and_then(|rows| rows.into_iter().map(state).collect::<Result<_, _>>());
        rows.map_err(|problem| self.garbled(&call, problem))
    }

    /// Whether the catalogue shows a service of this id at all.
    async fn is_in_catalogue(&self, service: ServiceId) -> Result<bool, BmsError> {
        let query = vec![
            ("PageSize", PAGE.to_string()),
            ("PageNumber", "1".to_owned()),
            ("Filter.Id", service.to_string()),
        ];
        let call = Call::v2(Method::Get, "/v2/admin/finance/services/lookup", query);
        let success = self.read(&call, || Body::None).await?;
        let ids = success.rows().and_then(|rows| {
            rows.into_iter()
                .map(|row| fields::id(row, "id", "a service has no id"))
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(ids.map_err(|problem| self.garbled(&call, problem))?.contains(&service.0))
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
