//! What runs have changed.

use domain::{ContractId, PairId, PartnerId, RunId, ServiceId};
use jiff::civil::Date;

use crate::{Row, StoreError, Transaction};

/// A change as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalChange {
    /// The run that made it.
    pub run: RunId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The line's units before.
    pub from_units: f64,
    /// The line's units after.
    pub to_units: u32,
    /// From which day.
    pub effective_date: Date,
    /// What the two changes of a plan switch have in common (B-07).
    pub pair: Option<PairId>,
    /// The companies and products whose users are in the number, as the journal has them.
    pub addends: Vec<(String, String)>,
}

/// The changes of these runs in the order in which they were made; those that never landed are left out.
pub async fn changes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    runs: &[RunId],
) -> Result<Vec<JournalChange>, StoreError> {
    let runs: Vec<uuid::Uuid> = runs.iter().map(|run| run.0).collect();
    let sql = "select run_id, contract_id, service_id, from_units, to_units, effective_date, addends, pair_id
               from journal where partner_id = $1 and run_id = any($2) and standing <> 'not_applied' order by entry";
    let rows = tx.query(sql, &[&partner.as_str(), &runs]).await?;
    rows.iter()
        .map(|row| {
            Ok(JournalChange {
                run: RunId(row.get("run_id")?),
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                from_units: row.get("from_units")?,
                to_units: row.number("to_units")?,
                effective_date: row.get("effective_date")?,
                pair: row.get::<Option<uuid::Uuid>>("pair_id")?.map(PairId),
                addends: addends(row)?,
            })
        })
        .collect()
}

fn addends(row: &Row) -> Result<Vec<(String, String)>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Addend {
        company: String,
        product: String,
    }
    let addends: Vec<Addend> = serde_json::from_value(row.get("addends")?)
        .map_err(|error| StoreError::row("journal", "addends", &error))?;
    Ok(addends.into_iter().map(|addend| (addend.company, addend.product)).collect())
}
