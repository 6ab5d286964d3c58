//! Whose contract it is (CON-04).
//!
//! The survey shows an account's name and not its id. A contract under the name it was mapped with, or was last found under,
//! is the mapped account's; under another name either the account was renamed or the contract has moved, and the account's
//! own contracts tell which.

use domain::ShownContract;
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

/// Whether what the survey showed tells that the contract is the mapped account's.
fn is_known(contract: &Contract, shown: &ShownContract) -> bool {
    let same = |name: &String| shown.account_name.as_ref() == Some(name);
    contract.account_name.as_ref().is_some_and(same) || contract.owner_name.as_ref().is_some_and(same)
}

/// Whether the contract's owner is to be asked for: before a change where the survey does not tell, and in any case where it
/// shows another account's name.
pub(crate) fn is_in_doubt(contract: &Contract, shown: &ShownContract, changing: bool) -> bool {
    !is_known(contract, shown) && (changing || shown.account_name.is_some())
}

/// Asks Kaseya for the account's contracts.
pub(crate) async fn ask(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: &ShownContract,
) -> Result<Owner, BmsError> {
    let owned = attempt.session.contracts_surely_of(contract.account).await?;
    Ok(if owned.iter().any(|owned| owned.id == contract.id) {
        Owner::Mapped(shown.account_name.clone())
    } else {
        Owner::Other
    })
}
