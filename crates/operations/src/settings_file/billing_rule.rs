//! The sections `[[company.billing_rule]]`: products not billed, minimums, free users (B-05).

use std::collections::{BTreeMap, BTreeSet};

use domain::{BillingRule, MAX_UNITS, ProductId};
use store::settings::ProductBilling;

use super::{
    ids::{known, once},
    section::Section,
};

const FIGURES: std::ops::RangeInclusive<i64> = 0..=MAX_UNITS as i64;

/// Reads a company's rules; `None` if one of them is invalid.
pub(super) fn read(
    sections: Vec<Section<'_, '_>>,
    products: &BTreeSet<ProductId>,
) -> Option<BTreeMap<ProductId, ProductBilling>> {
    let mut seen = BTreeSet::new();
    let rows: Vec<_> = sections
        .into_iter()
        .map(|mut section| {
            let product = section.parsed("product_id", r#"product_id = "standard""#, ProductId::new);
            once(&mut seen, &section, "product_id", product.as_ref());
            if let Some(product) = &product {
                known(&section, "product_id", product, products, "product");
            }
            let billing = rule(&mut section);
            section.finish();
            Some((product?, billing?))
        })
        .collect();
    rows.into_iter().collect()
}

fn rule(section: &mut Section<'_, '_>) -> Option<ProductBilling> {
    let not_billed = section.optional_boolean("not_billed", "not_billed = true").unwrap_or(false);
    const NOTE: &str = r#"note = "Own use", the reason why"#;
    if not_billed {
        let note = section.text("note", NOTE);
        for figure in ["minimum", "included_free"] {
            section.refuse(figure, "what is not billed has no figures", "remove it, or not_billed");
        }
        return Some(ProductBilling { rule: BillingRule::NotBilled, note: Some(note?) });
    }
    if !section.has("minimum") && !section.has("included_free") {
        let fix = "write not_billed = true with its note, minimum = 5, or included_free = 2";
        section.mistake("product_id", "the rule says nothing", fix);
        return None;
    }
    let note = section.optional_text("note", NOTE);
    let mut figure = |name, example| match section.has(name) {
        true => {
            section.optional_integer(name, example, FIGURES).and_then(|figure| u32::try_from(figure).ok())
        }
        false => Some(0),
    };
    let minimum = figure("minimum", "minimum = 5, the units that are charged at the least");
    let included_free = figure("included_free", "included_free = 2, the users that are not charged");
    let rule = BillingRule::Billed { minimum: minimum?, included_free: included_free? };
    Some(ProductBilling { rule, note })
}
