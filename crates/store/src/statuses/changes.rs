//! Changes made by runs.

use domain::{ContractId, PairId, PartnerId, RunId, ServiceId};
use jiff::civil::Date;

use crate::{Row, StoreError, Transaction};

/// A change in the journal.
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
    /// The first day with the new units.
    pub effective_date: Date,
    /// The id shared by the two changes of a plan switch (B-07); `None` outside a plan switch.
    pub pair: Option<PairId>,
    /// The companies and products with users in the number, as in the journal.
    pub addends: Vec<(String, String)>,
}

/// The changes of these runs in the order in which they were made, except changes that never landed.
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
