//! What people look at: statuses, runs, holds, changes.

mod changes;
mod companies;
mod holds;
mod runs;

use domain::{PartnerId, RequestId};

use crate::{Row, StoreError, Transaction, outcomes::ProductRow, requests::Answer};

pub use changes::{JournalChange, changes};
pub use companies::{CompanyStatus, companies, company};
pub(crate) use companies::{Whose, statuses_of};
pub use holds::{HoldRow, hold, standing_holds};
pub use runs::{RunCompany, RunRow, run, run_companies, runs};
pub(crate) use runs::{newest_run, runs_before};

/// What became of a request: `None` before it has come in, `Some(None)` while it waits.
pub async fn request(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
) -> Result<Option<Option<Answer>>, StoreError> {
    let sql = "select partner_id, request_id, answer, code, reason, run_id, follow_up_run_id, answered_at
               from requests where partner_id = $1 and request_id = $2";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &request.as_str()]).await? else {
        return Ok(None);
    };
    if row.get::<String>("answer")? == "waiting" {
        return Ok(Some(None));
    }
    Ok(Some(Some(crate::requests::answered(&row)?.answer)))
}

/// All partners' ids, for whoever mistyped one.
pub async fn partners(tx: &Transaction<'_>, most: i64) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: their list
               select partner_id from partners order by partner_id limit $1";
    tx.query(sql, &[&most]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

pub(crate) fn products(row: &Row) -> Result<Vec<ProductRow>, StoreError> {
    serde_json::from_value(row.get("products")?)
        .map_err(|error| StoreError::row("statuses", "products", &error))
}
