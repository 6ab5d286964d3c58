//! The billing rule of a company's product (B-05).

use domain::{BillingRule, ProductId};
use operations::billing_rules::BillingForm;
use serde::{Deserialize, Serialize};
use store::settings::ProductBilling;
use utoipa::ToSchema;

/// What of a product is not billed, at the least, or free; billed as counted where it says nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BillingRule)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[schema(value_type = String)]
    product_id: ProductId,
    /// Nothing is billed; a note says why.
    #[serde(default)]
    not_billed: bool,
    /// The units that are billed at the least.
    #[serde(default)]
    minimum: i64,
    /// The users that are not billed.
    #[serde(default)]
    included_free: i64,
    /// Why.
    #[serde(default)]
    note: String,
}

impl Rule {
    pub fn of((product_id, known): (ProductId, ProductBilling)) -> Self {
        let (not_billed, minimum, included_free) = match known.rule {
            BillingRule::NotBilled => (true, 0, 0),
            BillingRule::Billed { minimum, included_free } => (false, minimum, included_free),
        };
        Self {
            product_id,
            not_billed,
            minimum: minimum.into(),
            included_free: included_free.into(),
            note: known.note.unwrap_or_default(),
        }
    }

    pub fn form(self) -> (ProductId, BillingForm) {
        let Self { product_id, not_billed, minimum, included_free, note } = self;
        let form = if not_billed {
            BillingForm::NotBilled { minimum, included_free, note }
        } else {
            BillingForm::Figures { minimum, included_free, note }
        };
        (product_id, form)
    }
}
