//! Decisions of people on holds.

use std::collections::BTreeSet;

use domain::{ContractId, HoldId, PairId, PartnerId, RequestId};
use jiff::Timestamp;

use crate::{StoreError, Transaction, counts::corrections};

/// The result of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Accepted. The contracts concerned: two if the halves of a plan switch are on two.
    Taken(BTreeSet<ContractId>),
    /// The same decision was made before.
    Repeated,
    /// Another decision was made under its id.
    OtherContent,
    /// The partner has no such hold.
    UnknownHold,
    /// The hold is no longer open.
    NotOpen,
    /// The held number differs from the one that the person saw.
    OtherUnits {
        /// The held number.
        held: u32,
    },
    /// Kaseya shows other units than the person saw.
    OtherFrom {
        /// The units that Kaseya showed last.
        shown: f64,
    },
}

/// A person's decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonsDecision<'a> {
    /// The decision's id, chosen by the sender; counts once.
    pub decision: &'a RequestId,
    /// The hold.
    pub hold: HoldId,
    /// Whether to send the held units; if not, Kaseya stays as it is.
    pub approves: bool,
    /// The units that the person saw.
    pub units: u32,
    /// The units of the plan switch's other half, if the person saw them.
    pub other_units: Option<u32>,
    /// The units that Kaseya showed when the person decided, if sent.
    pub from: Option<f64>,
    /// The same for the plan switch's other half.
    pub other_from: Option<f64>,
    /// The name of the person.
    pub by: &'a str,
}

impl PersonsDecision<'_> {
    /// Everything in the decision except its id.
    fn content(&self) -> Vec<u8> {
        let Self { decision: _, hold, approves, units, other_units, from, other_from, by } = self;
        let other = other_units.map_or_else(|| "-".to_owned(), |units| units.to_string());
        let mut content = format!("{hold} {approves} {units} {other} {by}");
        // An absent value hashes as it did before the field existed.
        for known in [from, other_from].into_iter().flatten() {
            content.push_str(&format!(" {known}"));
        }
        content.into_bytes()
    }
}

/// Decides an open hold, and a later final number (QTY-05) with it; or takes back an approval that is not used yet,
/// because a permit checks it once more. With one half of a plan switch the other is decided too (B-07): sent by
/// halves, a company would be billed for the same users on two lines, or on none.
pub async fn decide(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    decision: &PersonsDecision<'_>,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let content = decision.content();
    let sql = "select decision_sha256 is null or decision_sha256 = sha256($3) as same
               from holds where partner_id = $1 and decision_id = $2";
    let known = [
        &partner.as_str() as &(dyn tokio_postgres::types::ToSql + Sync),
        &decision.decision.as_str(),
        &content,
    ];
    if let Some(before) = tx.query_opt(sql, &known).await? {
        return Ok(if before.get("same")? { Decision::Repeated } else { Decision::OtherContent });
    }
    let sql = "select contract_id, from_units, to_units, state, pair_id, from_changed from holds where partner_id = $1 and hold_id = $2 for update";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &decision.hold.0]).await? else {
        return Ok(Decision::UnknownHold);
    };
    let state: String = row.get("state")?;
    let takes_back = state == "approved" && !decision.approves;
    if state != "open" && !takes_back {
        return Ok(Decision::NotOpen);
    }
    let held: u32 = row.number("to_units")?;
    if decision.units != held {
        return Ok(Decision::OtherUnits { held });
    }
    let shown: f64 = row.get("from_units")?;
    // Without it, the person may have seen the units that Kaseya showed first.
    let blind = decision.approves && decision.from.is_none() && row.get("from_changed")?;
    if blind || decision.from.is_some_and(|from| from != shown) {
        return Ok(Decision::OtherFrom { shown });
    }
    let other = match row.get::<Option<uuid::Uuid>>("pair_id")? {
        Some(pair) => other_half(tx, partner, PairId(pair), decision.hold).await?,
        None => None,
    };
    if let Some(other) = &other {
        let blind = |known: bool, changed: bool| decision.approves && !known && changed;
        if decision.other_units.is_some_and(|units| units != other.to_units)
            || blind(decision.other_units.is_some(), other.to_changed)
        {
            return Ok(Decision::OtherUnits { held: other.to_units });
        }
        if decision.other_from.is_some_and(|from| from != other.from_units)
            || blind(decision.other_from.is_some(), other.from_changed)
        {
            return Ok(Decision::OtherFrom { shown: other.from_units });
        }
    }
    let state = if decision.approves { "approved" } else { "dismissed" };
    let sql = "update holds set state = $3, decided_at = $4, decided_by = $5, decision_id = $6,
                   decision_sha256 = sha256($7)
               where partner_id = $1 and hold_id = $2";
    let decision_id = decision.decision.as_str();
    tx.execute_exactly(
        1,
        sql,
        &[&partner.as_str(), &decision.hold.0, &state, &now, &decision.by, &decision_id, &content],
    )
    .await?;
    // From here on an approved later count is the month's number.
    corrections::decided(tx, partner, decision.hold, decision.approves, decision.by, now).await?;
    let mut contracts = BTreeSet::from([ContractId(row.get("contract_id")?)]);
    if let Some(other) = other {
        // The decision's id stays with the hold that it named.
        let sql = "update holds set state = $3, decided_at = $4, decided_by = $5, decision_id = null,
                       decision_sha256 = null
                   where partner_id = $1 and hold_id = $2";
        tx.execute_exactly(1, sql, &[&partner.as_str(), &other.hold.0, &state, &now, &decision.by]).await?;
        contracts.insert(other.contract);
    }
    Ok(Decision::Taken(contracts))
}

/// The other half of a plan switch.
struct OtherHalf {
    hold: HoldId,
    contract: ContractId,
    from_units: f64,
    to_units: u32,
    from_changed: bool,
    to_changed: bool,
}

async fn other_half(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    pair: PairId,
    hold: HoldId,
) -> Result<Option<OtherHalf>, StoreError> {
    let sql = "select hold_id, contract_id, from_units, to_units, from_changed, to_changed from holds
               where partner_id = $1 and pair_id = $2 and hold_id <> $3 and state in ('open', 'approved')
               for update";
    let row = tx.query_opt(sql, &[&partner.as_str(), &pair.0, &hold.0]).await?;
    row.map(|row| {
        Ok(OtherHalf {
            hold: HoldId(row.get("hold_id")?),
            contract: ContractId(row.get("contract_id")?),
            from_units: row.get("from_units")?,
            to_units: row.number("to_units")?,
            from_changed: row.get("from_changed")?,
            to_changed: row.get("to_changed")?,
        })
    })
    .transpose()
}
