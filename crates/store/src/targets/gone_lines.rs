//! Lines that the newest reading of their contract did not find.

use domain::{ContractId, PartnerId, UNSURE_FOR};

use crate::{StoreError, Transaction};

/// Deletes lines that the newest readings of these contracts did not find, with the memory of them, once the lines
/// found are stored: our number is gone from there, and a line added later is a different one. The memory of writes
/// that may still land is kept until then.
pub async fn forget_gone_lines(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    tx.execute(
        "delete from lines using contracts
         where lines.partner_id = $1 and lines.contract_id = any($2)
           and contracts.partner_id = $1 and contracts.contract_id = lines.contract_id
           and lines.seen_at < contracts.read_at",
        &[&partner.as_str(), &contracts],
    )
    .await?;
    tx.execute(
        "update intents set forgotten = true
         from contracts
         where intents.partner_id = $1 and intents.contract_id = any($2) and not intents.forgotten
           and contracts.partner_id = $1 and contracts.contract_id = intents.contract_id
           and intents.service_id = any(contracts.looked_for)
           and intents.permit_until + make_interval(secs => $3) < contracts.read_at
           and not exists (select from lines
                           where lines.partner_id = $1 and lines.contract_id = intents.contract_id
                             and lines.line_id = intents.line_id)",
        &[&partner.as_str(), &contracts, &UNSURE_FOR.as_secs_f64()],
    )
    .await?;
    tx.execute(
        "update targets set confirmed_units = null, confirmed_at = null, shares = null, shares_run_number = null
         from contracts
         where targets.partner_id = $1 and targets.contract_id = any($2) and targets.confirmed_at < contracts.read_at
           and contracts.partner_id = $1 and contracts.contract_id = targets.contract_id
           and targets.service_id = any(contracts.looked_for)
           and not exists (select from lines
                           where lines.partner_id = $1 and lines.contract_id = targets.contract_id
                             and lines.service_id = targets.service_id)",
        &[&partner.as_str(), &contracts],
    )
    .await
    .map(drop)
}

/// Deletes all lines and targets, and the record of changes sent: from now on another Kaseya is called. The journal
/// stays. The database does it by a function of its own, because the portal's role has no right on these tables.
pub(crate) async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute("select forget_targets($1)", &[&partner.as_str()]).await.map(drop)
}
