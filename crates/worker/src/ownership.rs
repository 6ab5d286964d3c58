//! Whose contract it is (CON-04), and whether it is the one that was meant (MAP-05).
//!
//! The survey shows an account's name and not its id. A contract under the name it was mapped with, or was last found under, is
//! believed to be the mapped account's; under another name either the account was renamed or the contract has moved, and the
//! account's own contracts tell which. Where two accounts have one name, they tell it too. They are asked for before a change where no survey showed a name. To ask before the
//! first write of each contract that a survey did show would cost a first sync a call for each.

use domain::{Remark, ShownContract, is_name_of};
use kaseya::BmsError;

use crate::{attempt::Attempt, content::Contract};

/// Whether a contract is still the mapped account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It is; the name that the survey shows for the account, where there was one.
    Mapped(Option<String>),
    /// It is another account's.
    Other,
}

/// Whether what the survey showed tells that the contract is the mapped account's. A name of two accounts tells nothing, and
/// neither does one under which the contract was found to be another account's.
fn is_known(contract: &Contract, shown: &ShownContract) -> bool {
    let found = contract.owner_account.map(|owner| owner == contract.account);
    if found == Some(false) || contract.account_name_shared && found.is_none() {
        return false;
    }
    let same = |name: &String| shown.account_name.as_ref() == Some(name);
    contract.account_name.as_ref().is_some_and(same) || contract.owner_name.as_ref().is_some_and(same)
}

/// Whether the contract's owner is to be asked for: before a change where the survey does not tell, and in any case where it
/// shows another account's name.
pub(crate) fn is_in_doubt(contract: &Contract, shown: &ShownContract, changing: bool) -> bool {
    !is_known(contract, shown) && (changing || shown.account_name.is_some())
}

/// Why the contract or its account is not believed, if the id is another's than the name (G-06). What Kaseya was seen to call
/// it before is compared at any time, for a name that agreed then may have been changed since; what it shows for the first time, before
/// a change.
pub(crate) fn named_otherwise(contract: &Contract, shown: &ShownContract, changing: bool) -> Option<Remark> {
    let first = |name: &str| Some(name.to_owned()).filter(|name| changing && !name.trim().is_empty());
    let other = |id: i32, told: &str, known: &Option<String>, shown: Option<&str>| {
        let named = known.clone().or_else(|| first(shown?)).filter(|name| !is_name_of(told, name))?;
        Some(Remark::OtherName { id, told: told.to_owned(), named })
    };
    let account = contract.account_name.as_deref().unwrap_or_default();
    other(contract.id.0, &contract.name, &contract.known_name, Some(&shown.name)).or_else(|| {
        other(contract.account.0, account, &contract.known_account_name, shown.account_name.as_deref())
    })
}

/// Asks Kaseya for the account's contracts.
pub(crate) async fn ask(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: &ShownContract,
) -> Result<Owner, BmsError> {
    let is_theirs = attempt.session.is_contract_of(contract.id, contract.account).await?;
    Ok(if is_theirs { Owner::Mapped(shown.account_name.clone()) } else { Owner::Other })
}
