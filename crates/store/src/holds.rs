//! Holds as people decide them.

use domain::{ContractId, HoldId, PartnerId, RequestId};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// How a decision was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It stands; the contract it is about.
    Taken(ContractId),
    /// It was taken before.
    Repeated,
    /// The partner has no such hold.
    UnknownHold,
    /// The hold is not open any more.
    NotOpen,
    /// Another number is held than the one that the person saw.
    OtherUnits {
        /// The number that is held.
        held: u32,
    },
}

/// A decision of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonsDecision<'a> {
    /// Chosen by the sender; counts once.
    pub decision: &'a RequestId,
    /// The hold.
    pub hold: HoldId,
    /// Whether the held units are to be sent; else Kaseya is left as it is.
    pub approves: bool,
    /// The units that the person saw.
    pub units: u32,
    /// Who decided.
    pub by: &'a str,
}

/// Decides an open hold.
pub async fn decide(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    decision: &PersonsDecision<'_>,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let sql =
        "select contract_id, to_units, state from holds where partner_id = $1 and hold_id = $2 for update";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &decision.hold.0]).await? else {
        return Ok(Decision::UnknownHold);
    };
    let sql = "select from holds where partner_id = $1 and decision_id = $2";
    if tx.query_opt(sql, &[&partner.as_str(), &decision.decision.as_str()]).await?.is_some() {
        return Ok(Decision::Repeated);
    }
    if row.get::<String>("state")? != "open" {
        return Ok(Decision::NotOpen);
    }
    let held: u32 = row.number("to_units")?;
    if decision.units != held {
        return Ok(Decision::OtherUnits { held });
    }
    let state = if decision.approves { "approved" } else { "dismissed" };
    let sql = "update holds set state = $3, decided_at = $4, decided_by = $5, decision_id = $6
               where partner_id = $1 and hold_id = $2";
    let decision_id = decision.decision.as_str();
    tx.execute_exactly(
        1,
        sql,
        &[&partner.as_str(), &decision.hold.0, &state, &now, &decision.by, &decision_id],
    )
    .await?;
    Ok(Decision::Taken(ContractId(row.get("contract_id")?)))
}
