//! Ids in the settings that Kaseya has never shown (A23): not known to be right yet.

use domain::{CompanyId, PartnerId};

use crate::{StoreError, Transaction, kaseya::names::NameOf};

/// An id in the settings that Kaseya has not shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeverShown {
    /// The kind of the id.
    pub of: NameOf,
    /// The id.
    pub id: i32,
    /// Its name in the settings.
    pub name: String,
}

/// All of a partner's, or those of one company's mapping. An account counts as shown once its contract was found to
/// belong to it, or a sync of it has seen our number.
pub async fn never_shown(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: Option<&CompanyId>,
) -> Result<Vec<NeverShown>, StoreError> {
    let sql = "with told as (
                   select 'service' as kind, service_id as id, service_name as name from product_mappings
                   where partner_id = $1 and service_id is not null and $2::text is null
                   union
                   select 'contract', contract_id, contract_name from company_mappings
                   where partner_id = $1 and ($2::text is null or company_id = $2)
                   union
                   select 'contract', contract_id, contract_name from company_product_contracts
                   where partner_id = $1 and ($2::text is null or company_id = $2)
                   union
                   select 'account', account_id, account_name from company_mappings as mapped
                   where partner_id = $1 and ($2::text is null or company_id = $2)
                     and not exists (select from contracts
                                     where contracts.partner_id = $1 and contracts.contract_id = mapped.contract_id
                                       and contracts.owner_account_id = mapped.account_id)
                     and not exists (select from statuses
                                     where statuses.partner_id = $1 and statuses.company_id = mapped.company_id
                                       and statuses.account_id = mapped.account_id
                                       and statuses.contract_id = mapped.contract_id and last_sync is not null))
               select kind, id, name from told
               where not exists (select from kaseya_names
                                 where kaseya_names.partner_id = $1 and kaseya_names.kind = told.kind
                                   and kaseya_names.id = told.id)
               order by kind desc, name, id";
    let company = company.map(CompanyId::as_str);
    let rows = tx.query(sql, &[&partner.as_str(), &company]).await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.get("kind")?;
            let of = match kind.as_str() {
                "service" => NameOf::Service,
                "contract" => NameOf::Contract,
                _ => NameOf::Account,
            };
            Ok(NeverShown { of, id: row.get("id")?, name: row.get("name")? })
        })
        .collect()
}
