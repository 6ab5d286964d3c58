//! Changes that wait for a person.

use domain::{Brake, CompanyId, ContractId, HoldId, PairId, PartnerId, ServiceId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// A held change as shown to people.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldRow {
    /// The hold.
    pub hold: HoldId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The companies with counts in the number.
    pub companies: Vec<CompanyId>,
    /// The brake that holds it.
    pub brake: Brake,
    /// The units that Kaseya shows.
    pub from_units: f64,
    /// The units that wait for the decision.
    pub to_units: u32,
    /// The first day with the new units.
    pub effective_date: Date,
    /// `open`, `approved`, `dismissed`, `gone` or `used`.
    pub state: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The id shared by the two halves of a plan switch, which are decided together (B-07); `None` outside a plan
    /// switch.
    pub pair: Option<PairId>,
    /// Whether Kaseya has shown other units since it was opened.
    pub from_changed: bool,
    /// Whether the waiting number has changed since it was opened.
    pub to_changed: bool,
}

impl HoldRow {
    /// Whether another hold is the other half of this one's plan switch.
    pub fn is_half_with(&self, other: &Self) -> bool {
        self.pair.is_some() && self.pair == other.pair && self.hold != other.hold
    }
}

/// The current holds: open, or decided and not overtaken by the numbers. The oldest first, the halves of a plan
/// switch together.
pub async fn standing_holds(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<HoldRow>, StoreError> {
    let sql = "select hold_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state,
                      opened_at, pair_id, from_changed, to_changed
               from holds where partner_id = $1 and state in ('open', 'approved', 'dismissed')
               order by min(opened_at) over (partition by coalesce(pair_id, hold_id)), coalesce(pair_id, hold_id), opened_at,
                        hold_id";
    tx.query(sql, &[&partner.as_str()]).await?.iter().map(hold_row).collect()
}

/// One hold, whatever its state.
pub async fn hold(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    hold: HoldId,
) -> Result<Option<HoldRow>, StoreError> {
    let sql = "select hold_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state,
                      opened_at, pair_id, from_changed, to_changed
               from holds where partner_id = $1 and hold_id = $2";
    tx.query_opt(sql, &[&partner.as_str(), &hold.0]).await?.as_ref().map(hold_row).transpose()
}

fn hold_row(row: &Row) -> Result<HoldRow, StoreError> {
    let companies: Result<Vec<CompanyId>, _> =
        row.get::<Vec<String>>("company_ids")?.into_iter().map(CompanyId::new).collect();
    Ok(HoldRow {
        hold: HoldId(row.get("hold_id")?),
        contract: ContractId(row.get("contract_id")?),
        service: ServiceId(row.get("service_id")?),
        companies: companies.map_err(|error| StoreError::row("holds", "company_ids", &error))?,
        brake: row.named("brake", Brake::parse)?,
        from_units: row.get("from_units")?,
        to_units: row.number("to_units")?,
        effective_date: row.get("effective_date")?,
        state: row.get("state")?,
        opened_at: row.get("opened_at")?,
        pair: row.get::<Option<uuid::Uuid>>("pair_id")?.map(PairId),
        from_changed: row.get("from_changed")?,
        to_changed: row.get("to_changed")?,
    })
}
