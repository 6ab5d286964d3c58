//! Whether the services and accounts of changes are still in use (SVC-02, ACC-01).
//!
//! The run's survey tells how the services stand; where it has not, all services of the slice are asked for at once, before
//! the first change. An account is asked for before a change and where its contract is gone or is another's, all accounts of
//! the slice at once. Not before the first change of a contract that a survey has just shown and that was never read before:
//! it was mapped from Kaseya's own list a short while ago, and a first sync has no calls to spare.

use std::collections::BTreeMap;

use domain::{Remark, ServiceId, ServiceState};
use kaseya::{Account, BmsError, LookUp};
use tokio::sync::OnceCell;

use crate::{
    attempt::Attempt,
    content::{Contract, Target},
};

/// What was asked of the services and accounts of a slice.
#[derive(Debug, Default)]
pub(crate) struct InUse {
    services: OnceCell<BTreeMap<ServiceId, ServiceState>>,
    accounts: OnceCell<LookUp<Account>>,
}

/// Why nothing is sent for a target's service, if it is not in use.
pub(crate) async fn service_out_of_use(
    attempt: &Attempt<'_>,
    target: &Target,
) -> Result<Option<Remark>, BmsError> {
    let state = match target.service_seen {
        Some(seen) => Some(seen.state),
        None => services(attempt).await?.get(&target.service).copied(),
    };
    let service = || target.service_name.clone();
    Ok(match state {
        // What is not told by any list stands in the way of nothing.
        None | Some(ServiceState::Active) => None,
        Some(ServiceState::Inactive) => Some(Remark::ServiceInactive { service: service() }),
        Some(ServiceState::NotShown) => Some(Remark::ServiceNotShown { service: service() }),
    })
}

/// Whether the account is to be asked for before a change of the contract.
pub(crate) fn account_is_asked(contract: &Contract) -> bool {
    contract.seen.is_none() || contract.targets.iter().any(|target| target.read_before)
}

/// Why nothing is sent for a contract's account, if it is not in use.
pub(crate) async fn account_out_of_use(
    attempt: &Attempt<'_>,
    contract: &Contract,
) -> Result<Option<Remark>, BmsError> {
    let account = || contract.account_name.clone();
    let accounts = accounts(attempt).await?;
    Ok(match accounts.shown.get(&contract.account.0) {
        Some(shown) if shown.is_active => None,
        Some(_) => Some(Remark::AccountInactive { account: account() }),
        None if accounts.is_missing(contract.account.0) => {
            Some(Remark::AccountNotShown { account: account() })
        }
        // What no answer tells stands in the way of nothing: the contract itself is shown.
        None => {
            tracing::warn!(account_id = contract.account.0, "whether the account is in use is not known");
            None
        }
    })
}

async fn services<'a>(attempt: &'a Attempt<'_>) -> Result<&'a BTreeMap<ServiceId, ServiceState>, BmsError> {
    let targets = attempt.content.contracts.iter().flat_map(|contract| &contract.targets);
    let untold = targets.filter(|target| target.service_seen.is_none());
    let asked = || untold.map(|target| (target.service, target.service_name.clone())).collect();
    attempt.in_use.services.get_or_try_init(|| async { attempt.session.service_states(&asked()).await }).await
}

async fn accounts<'a>(attempt: &'a Attempt<'_>) -> Result<&'a LookUp<Account>, BmsError> {
    let asked = || attempt.content.contracts.iter().map(|contract| contract.account).collect::<Vec<_>>();
    attempt
        .in_use
        .accounts
        .get_or_try_init(|| async { attempt.session.look_up_accounts(&asked()).await })
        .await
}
