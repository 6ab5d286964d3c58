//! Billing rules (B-05), per company and product.

use std::collections::BTreeMap;

use domain::{BillingRule, CompanyId, PartnerId, ProductId};

use crate::{StoreError, Transaction};

/// The billing rule of a company's product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductBilling {
    /// The rule.
    pub rule: BillingRule,
    /// The reason, for people. Required for a product that is not billed.
    pub note: Option<String>,
}

/// All billing rules of a partner, or those of the companies in `only`.
pub(crate) async fn read(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    only: Option<&[&str]>,
) -> Result<Vec<(CompanyId, ProductId, ProductBilling)>, StoreError> {
    let sql = "select company_id, product_id, not_billed, minimum, included_free, note
               from billing_rules where partner_id = $1 and ($2::text[] is null or company_id = any($2))";
    let rows = tx.query(sql, &[&partner.as_str(), &only]).await?;
    rows.iter()
        .map(|row| {
            let rule = if row.get("not_billed")? {
                BillingRule::NotBilled
            } else {
                BillingRule::Billed {
                    minimum: row.number("minimum")?,
                    included_free: row.number("included_free")?,
                }
            };
            let billing = ProductBilling { rule, note: row.get("note")? };
            Ok((row.company_id("company_id")?, row.product_id("product_id")?, billing))
        })
        .collect()
}

/// Stores a company's billing rules and deletes those not named. If a rule itself changes, not only its note, the
/// version of the company's mapping goes up, so that a job that has summed its counts by the old rule no longer
/// writes them.
pub async fn store(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
    before: &BTreeMap<ProductId, ProductBilling>,
    rules: &BTreeMap<ProductId, ProductBilling>,
) -> Result<(), StoreError> {
    if before == rules {
        return Ok(());
    }
    let (partner, company) = (partner.as_str(), company.as_str());
    if !figures(before).eq(figures(rules)) {
        let sql =
            "update company_mappings set version = version + 1 where partner_id = $1 and company_id = $2";
        tx.execute(sql, &[&partner, &company]).await?;
    }
    let sql = "delete from billing_rules where partner_id = $1 and company_id = $2";
    tx.execute(sql, &[&partner, &company]).await?;
    let sql = "insert into billing_rules (partner_id, company_id, product_id, not_billed, minimum, included_free, note)
               values ($1, $2, $3, $4, $5, $6, $7)";
    let figure = |figure: u32| {
        i32::try_from(figure).map_err(|error| StoreError::row("billing_rules", "figures", &error))
    };
    for (product, billing) in rules {
        let (not_billed, minimum, included_free) = match billing.rule {
            BillingRule::NotBilled => (true, 0, 0),
            BillingRule::Billed { minimum, included_free } => {
                (false, figure(minimum)?, figure(included_free)?)
            }
        };
        let product = product.as_str();
        let note = &billing.note;
        tx.execute_exactly(
            1,
            sql,
            &[&partner, &company, &product, &not_billed, &minimum, &included_free, note],
        )
        .await?;
    }
    Ok(())
}

fn figures(rules: &BTreeMap<ProductId, ProductBilling>) -> impl Iterator<Item = (&ProductId, BillingRule)> {
    rules.iter().map(|(product, billing)| (product, billing.rule))
}
