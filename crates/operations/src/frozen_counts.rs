//! A person's correction of a frozen number (S-28, G-10).

use domain::{CompanyId, Month, PartnerId, ProductId, SecurityEventKind};
use messages::{FieldError, field, inbound};
use serde_json::json;
use store::{
    StoreError,
    access::security_events::SecurityEvent,
    counts::{corrections, month_ends},
    settings,
};

use crate::{Acting, acting::Kept, intake::NotTaken};

/// A correction as the caller sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionForm {
    /// The month, e.g. `2026-11`.
    pub month: String,
    /// The company's id.
    pub company: String,
    /// The product's id.
    pub product: String,
    /// The corrected number of users on the month's last day.
    pub users: u32,
    /// The reason.
    pub reason: String,
    /// Who makes the correction.
    pub by: String,
}

impl Acting<'_> {
    /// Corrects one number of a frozen month in a row of its own, with its reason. Like the frozen number it is
    /// pushed through the brakes while the month's window is open.
    pub async fn correct_count(&self, partner: &PartnerId, form: CorrectionForm) -> Result<(), NotTaken> {
        let mistake = |field: &str, fix: String| NotTaken::Mistakes(vec![FieldError::new(field, fix)]);
        let of_field = |error: FieldError| NotTaken::Mistakes(vec![error]);
        let month =
            Month::parse(&form.month).ok_or_else(|| mistake("month", "write it as 2026-11".to_owned()))?;
        let company = &field::id("company_id", CompanyId::new(form.company)).map_err(of_field)?;
        let product = &field::id("product_id", ProductId::new(form.product)).map_err(of_field)?;
        let users = inbound::users(form.users).map_err(of_field)?;
        let reason = field::text("reason", form.reason).map_err(of_field)?;
        let reason = &format!("{} ({})", reason.trim(), form.by);
        let now = self.clock.now();
        let corrected = self
            .store
            .transaction("correct_count", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let Some(known) = settings::read(tx, partner).await? else {
                        return Err(StoreError::NoRow);
                    };
                    if !known.companies.contains_key(company) {
                        return Ok(Err(("company_id", format!("the partner has no company {company}"))));
                    }
                    if !known.products.contains_key(product) {
                        return Ok(Err(("product_id", format!("the partner has no product {product}"))));
                    }
                    let Some(frozen) = month_ends::read(tx, partner, month).await? else {
                        let fix = format!("{month} is not frozen: send a report of its last day instead");
                        return Ok(Err(("month", fix)));
                    };
                    let stands = frozen.companies.get(company).and_then(|counts| counts.get(product));
                    if stands.and_then(|count| count.users) == Some(users) {
                        return Ok(Err(("users", format!("{month} has {users} already"))));
                    }
                    let number = (company, product, users);
                    corrections::correct(tx, partner, month, number, reason, now).await?;
                    let details = json!({
                        "month": month.to_string(),
                        "product": product.as_str(),
                        "users": users,
                        "reason": reason,
                    });
                    let corrected =
                        SecurityEvent::of(SecurityEventKind::CountCorrected, partner, company, details);
                    Ok(Ok(self.keep(tx, corrected).await?))
                })
            })
            .await?;
        let kept: Kept = corrected.map_err(|(field, fix)| mistake(field, fix))?;
        kept.log();
        Ok(())
    }
}
