//! Companies and products from the provider, many at once.
//!
//! Companies and products that are not named stay as they are, and so do all mappings.

use domain::{CompanyId, PartnerId, ProductId};
use jiff::civil::Date;

use crate::{StoreError, Transaction, settings};

/// A company from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedCompany {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// The first day with 0 wanted units; `None` for an open company.
    pub closed_from: Option<Date>,
}

/// A product from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedProduct {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
}

/// Stores companies, each at most once. If a company's closing day changes, the version of its mapping goes up, so
/// that a job that has summed its counts before that no longer writes them.
pub async fn store_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    companies: &[AnnouncedCompany],
) -> Result<(), StoreError> {
    let ids: Vec<&str> = companies.iter().map(|told| told.company.as_str()).collect();
    let names: Vec<&str> = companies.iter().map(|told| told.name.as_str()).collect();
    let closed: Vec<Option<Date>> = companies.iter().map(|told| told.closed_from).collect();
    settings::mark_closing_mappings(tx, partner, &ids, &closed).await?;
    let sql = "insert into companies (partner_id, company_id, name, closed_from)
               select $1, company_id, name, closed_from
               from unnest($2::text[], $3::text[], $4::date[]) as told (company_id, name, closed_from)
               order by company_id
               on conflict (partner_id, company_id) do update set
                   name = excluded.name, closed_from = excluded.closed_from";
    tx.execute_exactly(companies.len() as u64, sql, &[&partner.as_str(), &ids, &names, &closed]).await
}

/// Stores products, each at most once.
pub async fn store_products(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    products: &[AnnouncedProduct],
) -> Result<(), StoreError> {
    let ids: Vec<&str> = products.iter().map(|told| told.product.as_str()).collect();
    let names: Vec<&str> = products.iter().map(|told| told.name.as_str()).collect();
    let sql = "insert into products (partner_id, product_id, name)
               select $1, product_id, name from unnest($2::text[], $3::text[]) as told (product_id, name)
               order by product_id
               on conflict (partner_id, product_id) do update set name = excluded.name, removed_at = null";
    tx.execute_exactly(products.len() as u64, sql, &[&partner.as_str(), &ids, &names]).await
}
