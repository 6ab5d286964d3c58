//! The owner of a contract (CON-04), and whether it is the contract that was meant (MAP-05).
//!
//! The survey shows an account's name and not its id. A contract under the name it was mapped with, or was last
//! found under, is believed to belong to the mapped account. Under another name either the account was renamed or
//! the contract has moved, and the account's own contracts settle it. They also settle it if two accounts have the
//! same name. They are requested before a change if no survey showed a name. Checking them before the first write
//! of each contract that a survey did show would cost a first sync one call per contract.

use domain::{Remark, ShownContract, is_name_of};
use kaseya::BmsError;
use messages::job_content::Contract;

use crate::attempt::Attempt;

/// Whether a contract still belongs to the mapped account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It does; the account's name in the survey, if there was one.
    Mapped(Option<String>),
    /// It belongs to another account.
    Other,
}

/// Whether the survey proves that the contract belongs to the mapped account. A name that two accounts share proves
/// nothing, and neither does a name under which the contract was found to belong to another account.
fn is_known(contract: &Contract, shown: &ShownContract) -> bool {
    let found = contract.owner_account.map(|owner| owner == contract.account);
    if found == Some(false) || contract.account_name_shared && found.is_none() {
        return false;
    }
    let same = |name: &String| shown.account_name.as_ref() == Some(name);
    contract.account_name.as_ref().is_some_and(same) || contract.owner_name.as_ref().is_some_and(same)
}

/// Whether to check the contract's owner, which the survey does not prove: before a change, if the survey shows another
/// account's name, and if a code that leaves the owner open stands on the contract, because a look-up by id shows no
/// name and would let a code go that an earlier survey gave.
pub(crate) fn is_in_doubt(contract: &Contract, shown: &ShownContract, changing: bool) -> bool {
    !is_known(contract, shown) && (changing || shown.account_name.is_some() || contract.ask_owner)
}

/// Why the contract or its account is not believed, if the id belongs to another name (G-06). A name that Kaseya
/// showed before is always compared, because one that matched then may have changed since. A name that Kaseya shows
/// for the first time is compared before a change.
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

/// Whether the contract is among the account's contracts in Kaseya.
pub(crate) async fn ask(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: &ShownContract,
) -> Result<Owner, BmsError> {
    let is_theirs = attempt.session.is_contract_of(contract.id, contract.account).await?;
    Ok(if is_theirs { Owner::Mapped(shown.account_name.clone()) } else { Owner::Other })
}
