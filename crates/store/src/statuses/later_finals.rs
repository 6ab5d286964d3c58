//! Later final numbers of a frozen month, as shown in the rows of their companies (QTY-05).

use domain::{
    CompanyId, CompanyOutcome, CompanyState, ContractId, ErrorCode, HeldChange, PartnerId, ProductOutcome,
};

use super::outcomes::products;
use crate::{StoreError, Transaction};

/// Adds a held later final number to the outcomes of companies with a frozen number in order.
pub fn keep_held(companies: &mut [CompanyOutcome], holds: &[HeldChange]) {
    for outcome in companies {
        let (company, contract) = (&outcome.company, outcome.contract);
        let mut held = false;
        for product in &mut outcome.products {
            held |= hold_product(company, contract, product, holds);
        }
        if held && outcome.state.is_green() {
            outcome.state = CompanyState::Held;
            outcome.code = Some(ErrorCode::Qty05);
            outcome.seen_equal = false;
        }
    }
}

fn hold_product(
    company: &CompanyId,
    contract: Option<ContractId>,
    product: &mut ProductOutcome,
    holds: &[HeldChange],
) -> bool {
    let hold = holds.iter().find(|hold| {
        Some(hold.contract) == contract
            && Some(hold.service.0) == product.service
            && hold.companies.iter().any(|held| held == company.as_str())
    });
    let Some(hold) = hold.filter(|_| matches!(product.state.as_str(), "changed" | "unchanged")) else {
        return false;
    };
    CompanyState::Held.as_str().clone_into(&mut product.state);
    product.code = Some(ErrorCode::Qty05.to_string());
    product.brake = Some(hold.brake.to_string());
    product.from = Some(hold.from_units);
    product.to = u32::try_from(hold.to_units).ok();
    product.effective = Some(hold.effective_date);
    true
}

/// Shows a hold just opened in the rows of its companies with a frozen number in order.
pub async fn show(tx: &Transaction<'_>, partner: &PartnerId, hold: &HeldChange) -> Result<(), StoreError> {
    let sql = "select company_id, products from statuses
               where partner_id = $1 and contract_id = $2 and company_id = any($3) and state in ('changed', 'unchanged')
               order by company_id for update";
    let rows = tx.query(sql, &[&partner.as_str(), &hold.contract.0, &hold.companies]).await?;
    for row in &rows {
        let company = row.company_id("company_id")?;
        let mut of_company = products(row)?;
        let holds = std::slice::from_ref(hold);
        let mut held = false;
        for product in &mut of_company {
            held |= hold_product(&company, Some(hold.contract), product, holds);
        }
        if held {
            let of_company = serde_json::to_value(&of_company)
                .map_err(|error| StoreError::row("statuses", "products", &error))?;
            let sql = "update statuses set state = $4, code = $5, products = $6
                       where partner_id = $1 and contract_id = $2 and company_id = $3";
            let (state, code) = (CompanyState::Held.as_str(), ErrorCode::Qty05.as_str());
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&partner.as_str(), &hold.contract.0, &company.as_str(), &state, &code, &of_company];
            tx.execute_exactly(1, sql, &parameters).await?;
        }
    }
    Ok(())
}
