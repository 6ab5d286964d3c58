//! What the provider charges the partner for a month (S-28). It is shown next to the month's frozen count and
//! affects no units.

use domain::{CompanyId, Month, PartnerId, ProductId};
use messages::{FieldError, field, inbound};
use store::{
    counts::billed_month::{self, Charge},
    settings,
};

use crate::{
    Operations,
    intake::{NotTaken, each_once},
};

/// A charge as the provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRow {
    /// The company's id.
    pub company: String,
    /// The product's id.
    pub product: String,
    /// Users charged.
    pub users: u32,
}

impl Operations {
    /// Stores all of the provider's charges for a past month and replaces those it sent before. `by` is the name of
    /// its token.
    pub async fn take_charges(
        &self,
        partner: &PartnerId,
        month: &str,
        rows: Vec<ChargeRow>,
        by: &str,
    ) -> Result<(), NotTaken> {
        let of_month = |fix: &str| NotTaken::Mistakes(vec![FieldError::new("month", fix)]);
        let month = Month::parse(month).ok_or_else(|| of_month("write it as 2026-10"))?;
        if rows.is_empty() {
            let fix = "it is empty; list every company and product that is charged";
            return Err(NotTaken::Mistakes(vec![FieldError::new("charges", fix)]));
        }
        let charges = &each_once(
            "charges",
            rows,
            |charge: &Charge| format!("{} with {}", charge.company, charge.product),
            |row| {
                Ok(Charge {
                    company: field::id("company_id", CompanyId::new(row.company))?,
                    product: field::id("product_id", ProductId::new(row.product))?,
                    users: inbound::users(row.users)?,
                })
            },
        )?;
        let now = self.clock.now();
        let stored = self.store.transaction("take_charges", |tx| {
            Box::pin(async move {
                let zones = settings::zones(tx, partner).await?;
                let is_over = zones
                    .is_some_and(|zones| month.next().first_day() <= zones.count.to_datetime(now).date());
                if !is_over {
                    return Ok(None);
                }
                billed_month::store_charges(tx, partner, month, charges, by, now).await.map(Some)
            })
        });
        let unknown = stored.await?.ok_or_else(|| of_month("it is not over yet"))?;
        if unknown.is_empty() {
            return Ok(());
        }
        let mistakes = unknown.into_iter().map(|unknown| {
            let (field, of, call) = match unknown.of_company {
                true => ("company_id", "company", "companies"),
                false => ("product_id", "product", "products"),
            };
            let fix = format!("there is no such {of}; tell of it first, with PUT /{call}");
            FieldError::new(format!("charges[{}].{field}", unknown.place), fix)
        });
        Err(NotTaken::Mistakes(mistakes.collect()))
    }
}
