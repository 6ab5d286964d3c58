//! The billing rule of a company's product (B-05).

use domain::{BillingRule, ProductId};
use operations::billing_rules::BillingForm;
use serde::{Deserialize, Serialize};
use store::settings::ProductBilling;
use utoipa::ToSchema;

/// Billing rule of a product at a company. If `not_billed` is false and both numbers are 0, one unit is billed per
/// counted user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BillingRule)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[schema(value_type = String)]
    product_id: ProductId,
    /// Not billed: the count is part of no number. `note` is required; `minimum` and `included_free` must be 0.
    #[serde(default)]
    not_billed: bool,
    /// Minimum units to bill, 0 to 2147483647.
    #[serde(default)]
    minimum: i64,
    /// Users that are free of charge, 0 to 2147483647.
    #[serde(default)]
    included_free: i64,
    /// Reason, at most 500 characters. Required if `not_billed` is true; must be empty if the product is billed as
    /// counted.
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
