//! Whether the services and accounts of changes are still in use (SVC-02, ACC-01).
//!
//! The run's survey shows the state of the services. If it has not, all services of the slice are requested in one
//! call before the first change. An account is requested before a change, and if its contract is gone or belongs to
//! another account; all accounts of the slice go into one call. There is one exception: the first change of a
//! contract that a survey has just shown and that was never read before. It was mapped from Kaseya's own list a
//! short while ago, and a first sync has no calls to spare.

use domain::{Remark, ServiceState, is_name_of};
use kaseya::{Account, BmsError, Catalogue, LookUp};
use messages::job_content::{Contract, Target};

use crate::{attempt::Attempt, in_use::service_named_otherwise};

/// Why a target's service is not believed, if its id belongs to another name (G-06). Kaseya's name for it is
/// requested once, as long as it was never seen.
pub(crate) async fn service_not_believed(
    attempt: &Attempt<'_>,
    target: &Target,
) -> Result<Option<Remark>, BmsError> {
    if target.known_service_name.is_some() {
        return Ok(service_named_otherwise(target));
    }
    let catalogue = services(attempt).await?;
    let shown = catalogue.names.get(&target.service).filter(|name| !is_name_of(&target.service_name, name));
    Ok(shown.map(|named| Remark::OtherName {
        id: target.service.0,
        told: target.service_name.clone(),
        named: named.clone(),
    }))
}

/// Why nothing is sent for a target's service, if it is not in use.
pub(crate) async fn service_out_of_use(
    attempt: &Attempt<'_>,
    target: &Target,
) -> Result<Option<Remark>, BmsError> {
    let state = match target.service_seen {
        Some(seen) => Some(seen.state),
        None => services(attempt).await?.states.get(&target.service).copied(),
    };
    let service = || target.service_name.clone();
    Ok(match state {
        // A service that no list settles does not block anything.
        None | Some(ServiceState::Active) => None,
        Some(ServiceState::Inactive) => Some(Remark::ServiceInactive { service: service() }),
        Some(ServiceState::NotShown) => Some(Remark::ServiceNotShown { service: service() }),
    })
}

/// Whether to check the account: if the scheduler says so, and before a change of the contract.
pub(crate) fn account_is_asked(contract: &Contract, changing: bool) -> bool {
    let before_change =
        contract.seen.is_none() || contract.targets.iter().any(|target| target.last_known.is_some());
    contract.ask_account || changing && before_change
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
        // Under its current name.
        Some(shown) => {
            let name = Some(shown.name.clone()).filter(|name| !name.trim().is_empty());
            Some(Remark::AccountInactive { account: name.or_else(account) })
        }
        None if accounts.is_missing(contract.account.0) => {
            Some(Remark::AccountNotShown { account: account() })
        }
        // Without a clear response nothing is blocked: the contract itself is shown.
        None => {
            tracing::warn!(account_id = contract.account.0, "whether the account is in use is not known");
            None
        }
    })
}

async fn services<'a>(attempt: &'a Attempt<'_>) -> Result<&'a Catalogue, BmsError> {
    let targets = attempt.content.contracts.iter().flat_map(|contract| &contract.targets);
    let unseen =
        targets.filter(|target| target.service_seen.is_none() || target.known_service_name.is_none());
    let asked = || unseen.map(|target| (target.service, target.service_name.clone())).collect();
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
