//! The version of a company's mapping. It rises with every change of the data that the company's plan is made from.

use domain::PartnerId;
use jiff::civil::Date;

use crate::{StoreError, Transaction};

/// Raises the version of the mappings of companies with a new closing day, before that is stored.
pub(crate) async fn mark_closing_mappings(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    companies: &[&str],
    closed_from: &[Option<Date>],
) -> Result<(), StoreError> {
    let sql = "update company_mappings mapping set version = version + 1
               from companies join unnest($2::text[], $3::date[]) as told (company_id, closed_from) using (company_id)
               where mapping.partner_id = $1 and mapping.company_id = told.company_id and companies.partner_id = $1
                 and companies.closed_from is distinct from told.closed_from";
    tx.execute(sql, &[&partner.as_str(), &companies, &closed_from]).await.map(drop)
}
