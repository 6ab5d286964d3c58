//! The fields of lines that changed with our own writes.

use std::collections::BTreeMap;

use domain::{ChangedField, ContractId, FieldChange, PartnerId, ServiceId};

use crate::{StoreError, Transaction};

/// The form stored with an intent; `None` without a field.
pub(super) fn to_json(fields: &[FieldChange]) -> Option<serde_json::Value> {
    let has_any = !fields.is_empty();
    has_any.then(|| serde_json::to_value(fields).expect("texts are JSON"))
}

/// For the targets on these contracts, the fields that changed with our changes, each with its newest change, and the
/// newest field first. A change of a line that is gone is left out.
pub async fn changed_fields(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), Vec<ChangedField>>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id, service_id, effective_date, fields_changed from intents
             where partner_id = $1 and contract_id = any($2) and fields_changed is not null and not forgotten
             order by contract_id, service_id, granted_at desc",
            &[&partner.as_str(), &contracts],
        )
        .await?;
    let mut of_target: BTreeMap<_, Vec<ChangedField>> = BTreeMap::new();
    for row in &rows {
        let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
        let effective_date = row.get("effective_date")?;
        let known = of_target.entry(target).or_default();
        let fields: Vec<FieldChange> = serde_json::from_value(row.get("fields_changed")?)
            .map_err(|error| StoreError::row("intents", "fields_changed", &error))?;
        for field in fields {
            if known.iter().all(|newer| newer.field.name != field.name) {
                known.push(ChangedField { effective_date, field });
            }
        }
    }
    Ok(of_target)
}
