//! A month as billed: its frozen counts, and the provider's charges to the partner next to them (S-28).

use std::collections::BTreeMap;

use domain::{CompanyId, Month, PartnerId, ProductId};
use jiff::Timestamp;

use crate::{
    StoreError, Transaction,
    counts::{self, Users},
};

/// The provider's charge for a company's product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The users charged.
    pub users: u32,
}

/// A company's charged users per product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charges(pub BTreeMap<ProductId, u32>);

impl Charges {
    /// The users charged for a product: 0 if the month's charges do not list it.
    pub fn with(&self, product: &str) -> u32 {
        self.0.iter().find(|(id, _)| id.as_str() == product).map_or(0, |(_, users)| *users)
    }

    /// The users charged for all products together.
    pub fn sum(&self) -> u32 {
        self.0.values().copied().fold(0, u32::saturating_add)
    }
}

/// A month of some companies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BilledMonth {
    /// The frozen counts with their newest corrections. A company with no frozen count is left out.
    pub frozen: BTreeMap<CompanyId, Users>,
    /// The provider's charges; `None` if it has not sent the month's. A company that it did not list is charged
    /// nothing.
    pub charged: Option<BTreeMap<CompanyId, Charges>>,
}

impl BilledMonth {
    /// The provider's charges for a company; `None` if it has not sent the month's.
    pub fn charged_for(&self, company: &CompanyId) -> Option<Charges> {
        self.charged.as_ref().map(|charged| charged.get(company).cloned().unwrap_or_default())
    }
}

/// Reads a month of these companies.
pub async fn read(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    only: &[&str],
    month: Month,
) -> Result<BilledMonth, StoreError> {
    let (partner, first) = (partner.as_str(), month.first_day());
    let sql = "select distinct on (company_id, product_id) company_id, product_id, users
               from frozen_counts where partner_id = $1 and month = $2 and company_id = any($3)
               order by company_id, product_id, correction desc";
    let mut frozen: BTreeMap<CompanyId, Users> = BTreeMap::new();
    for row in tx.query(sql, &[&partner, &first, &only]).await? {
        let company = frozen.entry(row.company_id("company_id")?).or_default();
        company.0.insert(row.product_id("product_id")?, counts::users(&row)?);
    }
    let sql = "select exists (select from charged_months where partner_id = $1 and month = $2) as told";
    let charged = if tx.query_one(sql, &[&partner, &first]).await?.get("told")? {
        let sql = "select company_id, product_id, users from charges
                   where partner_id = $1 and month = $2 and company_id = any($3)";
        let mut charged: BTreeMap<CompanyId, Charges> = BTreeMap::new();
        for row in tx.query(sql, &[&partner, &first, &only]).await? {
            let company = charged.entry(row.company_id("company_id")?).or_default();
            company.0.insert(row.product_id("product_id")?, row.number("users")?);
        }
        Some(charged)
    } else {
        None
    };
    Ok(BilledMonth { frozen, charged })
}

/// Stores all of the provider's charges for a month, each company and product once, and replaces earlier charges for
/// it. `by` is the name of the token that sent them. Returns the positions of charges with an unknown company or
/// product; if there are any, nothing is stored.
pub async fn store_charges(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    charges: &[Charge],
    by: &str,
    now: Timestamp,
) -> Result<Vec<UnknownCharge>, StoreError> {
    let (partner, first) = (partner.as_str(), month.first_day());
    let companies: Vec<&str> = charges.iter().map(|charge| charge.company.as_str()).collect();
    let products: Vec<&str> = charges.iter().map(|charge| charge.product.as_str()).collect();
    let users: Vec<i64> = charges.iter().map(|charge| charge.users.into()).collect();
    let sql = "select place - 1 as place, companies.company_id is null as of_company
               from unnest($2::text[], $3::text[]) with ordinality as told (company_id, product_id, place)
                    left join companies on companies.partner_id = $1 and companies.company_id = told.company_id
                    left join products on products.partner_id = $1 and products.product_id = told.product_id
               where companies.company_id is null or products.product_id is null
               order by place";
    let unknown = tx.query(sql, &[&partner, &companies, &products]).await?;
    if !unknown.is_empty() {
        return unknown
            .iter()
            .map(|row| {
                let place = usize::try_from(row.get::<i64>("place")?)
                    .map_err(|error| StoreError::row("charges", "place", &error))?;
                Ok(UnknownCharge { place, of_company: row.get("of_company")? })
            })
            .collect();
    }
    let sql = "delete from charges where partner_id = $1 and month = $2";
    tx.execute(sql, &[&partner, &first]).await?;
    let sql = "insert into charged_months (partner_id, month, told_at, told_by) values ($1, $2, $3, $4)
               on conflict (partner_id, month) do update set told_at = excluded.told_at, told_by = excluded.told_by";
    tx.execute_exactly(1, sql, &[&partner, &first, &now, &by]).await?;
    let sql = "insert into charges (partner_id, month, company_id, product_id, users)
               select $1, $2, company_id, product_id, users
               from unnest($3::text[], $4::text[], $5::bigint[]) as told (company_id, product_id, users)";
    tx.execute_exactly(charges.len() as u64, sql, &[&partner, &first, &companies, &products, &users]).await?;
    Ok(Vec::new())
}

/// A charge with an unknown company or product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCharge {
    /// The charge's position among those sent.
    pub place: usize,
    /// Whether the company is unknown; if not, the product is.
    pub of_company: bool,
}
