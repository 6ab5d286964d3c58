//! Kaseya's services and accounts for a slice, each requested once.

use domain::{Remark, is_name_of};
use kaseya::{Account, Catalogue, LookUp};
use messages::v1;
use tokio::sync::OnceCell;

use crate::content::Target;

#[derive(Debug, Default)]
pub(crate) struct InUse {
    pub(crate) services: OnceCell<Catalogue>,
    pub(crate) accounts: OnceCell<LookUp<Account>>,
}

impl InUse {
    /// Names in the catalogue of the services that were requested.
    pub(crate) fn services_named(&self) -> Vec<v1::ServiceNamed> {
        let names = self.services.get().into_iter().flat_map(|catalogue| &catalogue.names);
        names.map(|(service, name)| named(service.0, name)).collect()
    }

    /// The accounts that were requested and shown.
    pub(crate) fn accounts_seen(&self) -> Vec<v1::AccountSeen> {
        let seen = self.accounts.get().into_iter().flat_map(|accounts| accounts.shown.values());
        seen.map(|account| v1::AccountSeen { account_id: Some(account.id.0), name: account.name.clone() })
            .collect()
    }
}

/// A service's name in the catalogue, as a message.
pub(crate) fn named(service: i32, name: &str) -> v1::ServiceNamed {
    v1::ServiceNamed { service_id: Some(service), name: name.to_owned() }
}

/// Why a target's service is not believed, based on the name that Kaseya showed before (G-06).
pub(crate) fn service_named_otherwise(target: &Target) -> Option<Remark> {
    let named = target.known_service_name.clone().filter(|name| !is_name_of(&target.service_name, name))?;
    Some(Remark::OtherName { id: target.service.0, told: target.service_name.clone(), named })
}
