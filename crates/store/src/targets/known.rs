//! What is known of a slice's contracts besides the wanted units.

use std::collections::BTreeMap;

use domain::{Brake, ContractId, DecidedChange, HoldId, LineId, PartnerId, ServiceId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// A line as last read.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownLine {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// Kaseya's line.
    pub line: LineId,
    /// Its units.
    pub units: f64,
    /// Its unit price; `None` if it has none.
    pub unit_price: Option<f64>,
    /// The first day that they count; `None` if unknown.
    pub effective_date: Option<Date>,
    /// When the line was read.
    pub seen_at: Timestamp,
    /// Whether the contract's newest reading found more lines of this service.
    pub more: bool,
}

/// The lines of these contracts that the newest readings found. Of several with one service the last one read is
/// kept.
pub async fn known_lines(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), KnownLine>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select distinct on (contract_id, service_id)
                    contract_id, service_id, line_id, units, unit_price, effective_date, seen_at,
                    exists (select from lines other
                            where other.partner_id = $1 and other.contract_id = lines.contract_id
                              and other.service_id = lines.service_id and other.line_id <> lines.line_id) as more
             from lines where partner_id = $1 and contract_id = any($2)
             order by contract_id, service_id, seen_at desc, line_id",
            &[&partner.as_str(), &contracts],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let line = KnownLine {
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                line: LineId(row.get("line_id")?),
                units: row.get("units")?,
                unit_price: row.get("unit_price")?,
                effective_date: row.get("effective_date")?,
                seen_at: row.get("seen_at")?,
                more: row.get("more")?,
            };
            Ok(((line.contract, line.service), line))
        })
        .collect()
}

/// A person's decision on a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decided {
    /// Approved: the hold, and the change.
    Approved(HoldId, DecidedChange),
    /// Dismissed: the change.
    Dismissed(DecidedChange),
}

/// The current decisions on targets of these contracts. A decision on a leftover counts only while nothing is mapped
/// there, any other only while something is.
pub async fn decided_holds(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), Decided>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id, service_id, hold_id, brake, from_units, to_units, effective_date,
                    state = 'approved' as approved
             from holds
             where partner_id = $1 and contract_id = any($2) and state in ('approved', 'dismissed')
               and (brake = $3) <> exists (select from mapped_targets mapped
                                           where mapped.partner_id = $1 and mapped.contract_id = holds.contract_id
                                             and mapped.service_id = holds.service_id)",
            &[&partner.as_str(), &contracts, &Brake::Leftover.as_str()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let change = decided_change(row)?;
            let decided = match row.get("approved")? {
                true => Decided::Approved(HoldId(row.get("hold_id")?), change),
                false => Decided::Dismissed(change),
            };
            Ok(((ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?)), decided))
        })
        .collect()
}

/// Reads the decided change from a hold's row.
pub(crate) fn decided_change(row: &Row) -> Result<DecidedChange, StoreError> {
    Ok(DecidedChange {
        brake: row.named("brake", Brake::parse)?,
        from: row.get("from_units")?,
        to: row.number("to_units")?,
        effective_date: row.get("effective_date")?,
    })
}

/// What these targets held when the last invoices were made, or what a person approved since. Targets without a
/// change of ours since then are left out, because their lines still show it. Taken from our own records: what the
/// line showed before the first change that Kaseya accepted after the invoices.
pub async fn invoiced_units(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
    last_invoiced_at: Timestamp,
) -> Result<BTreeMap<(ContractId, ServiceId), f64>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id, service_id,
                    coalesce((array_agg(to_units::double precision order by granted_at desc)
                              filter (where approved_hold_id is not null))[1],
                             (array_agg(from_units order by granted_at))[1]) as units
             from intents
             where partner_id = $1 and contract_id = any($2) and taken_at is not null and granted_at >= $3
             group by contract_id, service_id",
            &[&partner.as_str(), &contracts, &last_invoiced_at],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
            Ok((target, row.get("units")?))
        })
        .collect()
}

/// A change of a target that was sent and is not settled yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Underway {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The units that the line showed before.
    pub from_units: f64,
    /// The units to send.
    pub to_units: u32,
    /// The first day with the new units.
    pub effective_date: Date,
    /// Whether Kaseya accepted it. If not, its outcome is unknown.
    pub is_sent: bool,
    /// Whether it is half of a plan switch.
    pub is_half: bool,
    /// Whether the contract's newest reading belongs to another attempt than the one that sent the change, and so
    /// came after it.
    pub read_since: bool,
}

/// The changes of these contracts that are not settled yet, the oldest first.
pub async fn changes_underway(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<Vec<Underway>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            // By attempt, not by instant: a reading's instant is from the worker's clock.
            "select intents.contract_id, service_id, from_units, to_units, effective_date, result = 'sent' as is_sent,
                    pair_id is not null as is_half,
                    (read_by_job, read_by_attempt) is distinct from (job_id, attempt) as read_since
             from intents
             left join contracts
                 on contracts.partner_id = intents.partner_id and contracts.contract_id = intents.contract_id
             where intents.partner_id = $1 and intents.contract_id = any($2) and result in ('open', 'sent', 'unsure')
               and not forgotten
             order by granted_at",
            &[&partner.as_str(), &contracts],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Underway {
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                from_units: row.get("from_units")?,
                to_units: row.number("to_units")?,
                effective_date: row.get("effective_date")?,
                is_sent: row.get("is_sent")?,
                is_half: row.get("is_half")?,
                read_since: row.get("read_since")?,
            })
        })
        .collect()
}

/// The services on these contracts that were ours at any time, mapped now or not.
pub async fn known_services(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<Vec<(ContractId, ServiceId)>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let sql = "select contract_id, service_id from targets where partner_id = $1 and contract_id = any($2)
               order by contract_id, service_id";
    let rows = tx.query(sql, &[&partner.as_str(), &contracts]).await?;
    rows.iter()
        .map(|row| Ok((ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?))))
        .collect()
}
