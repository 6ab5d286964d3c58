//! Kaseya's services and accounts for a slice, each requested once.

use std::collections::BTreeMap;

use domain::{AccountId, Remark, is_name_of};
use kaseya::{Account, Catalogue, LookUp};
use messages::job_content::Target;
use tokio::sync::OnceCell;

#[derive(Debug, Default)]
pub(crate) struct InUse {
    pub(crate) services: OnceCell<Catalogue>,
    pub(crate) accounts: OnceCell<LookUp<Account>>,
}

impl InUse {
    /// Names in the catalogue of the services that were requested.
    pub(crate) fn services_named(&self) -> BTreeMap<i32, String> {
        self.services.get().map(named).unwrap_or_default()
    }

    /// The accounts that were requested and shown.
    pub(crate) fn accounts_seen(&self) -> Vec<(AccountId, String)> {
        let seen = self.accounts.get().into_iter().flat_map(|accounts| accounts.shown.values());
        seen.map(|account| (account.id, account.name.clone())).collect()
    }
}

/// The services' names in a catalogue.
pub(crate) fn named(catalogue: &Catalogue) -> BTreeMap<i32, String> {
    catalogue.names.iter().map(|(service, name)| (service.0, name.clone())).collect()
}

/// Why a target's service is not believed, based on the name that Kaseya showed before (G-06).
pub(crate) fn service_named_otherwise(target: &Target) -> Option<Remark> {
    let named = target.known_service_name.clone().filter(|name| !is_name_of(&target.service_name, name))?;
    Some(Remark::OtherName { id: target.service.0, told: target.service_name.clone(), named })
}
