//! Lines that the newest reading of their contract did not find.

use domain::{ContractId, PartnerId, UNSURE_FOR};

use crate::{StoreError, Transaction};

/// Forgets lines that the newest readings of these contracts did not find, and what was remembered of them, once the lines
/// that they did find are stored: what we left there is there no more, and a line that is added later is another one. What may still
/// land is kept for so long.
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

/// Forgets all lines and targets, and that changes were sent: another Kaseya is called from now on. The journal stays.
pub(crate) async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    for sql in [
        "delete from lines where partner_id = $1",
        "delete from targets where partner_id = $1",
        "update intents set forgotten = true where partner_id = $1 and not forgotten",
    ] {
        tx.execute(sql, &[&partner.as_str()]).await?;
    }
    Ok(())
}
