//! A company's billing rules: products not billed, minimum units and free users (B-05).

use std::collections::BTreeMap;

use domain::{BillingRule, CompanyId, MAX_NOTE, MAX_UNITS, PartnerId, ProductId, SecurityEventKind};
use serde_json::{Map, Value, json};
use store::{
    access::security_events::SecurityEvent,
    settings::{self, PartnerSettings, ProductBilling, billing_rules},
};

use crate::{
    Acting, leftovers,
    not_saved::{Field, Found, MistakeKind, NotSaved},
};

/// A product's rule as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingForm {
    /// One unit is billed per counted user.
    AsCounted,
    /// Nothing is billed.
    NotBilled {
        /// Minimum units to bill. Must be 0 here.
        minimum: i64,
        /// Users that are free. Must be 0 here.
        included_free: i64,
        /// The reason. Required.
        note: String,
    },
    /// Billed with a minimum or with free users.
    Figures {
        /// Minimum units to bill.
        minimum: i64,
        /// Users that are free.
        included_free: i64,
        /// The reason.
        note: String,
    },
}

impl Acting<'_> {
    /// Saves a company's rules for these products and leaves the others unchanged. Opens a hold for each line left
    /// over because nothing on it is billed any more.
    pub async fn save_billing_rules(
        &self,
        partner: &PartnerId,
        company: &CompanyId,
        rules: &BTreeMap<ProductId, BillingForm>,
    ) -> Result<(), NotSaved> {
        let (now, entropy) = (self.clock.now(), &self.entropy);
        let details = |(product, form): (&ProductId, &BillingForm)| (product.to_string(), as_details(form));
        let details = &Value::Object(rules.iter().map(details).collect::<Map<_, _>>());
        let kept = self
            .store
            .transaction("save_billing_rules", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let stored = settings::read(tx, partner).await?.ok_or(NotSaved::UnknownPartner)?;
                    let (before, after) = check(&stored, company, rules)?;
                    billing_rules::store(tx, partner, company, before, &after).await?;
                    leftovers::ask(tx, partner, entropy, now).await?;
                    let saved = SecurityEvent::of(
                        SecurityEventKind::BillingRulesSaved,
                        partner,
                        company,
                        details.clone(),
                    );
                    Ok::<_, NotSaved>(self.keep(tx, saved).await?)
                })
            })
            .await?;
        kept.log();
        Ok(())
    }
}

/// A rule as the security event shows it.
fn as_details(form: &BillingForm) -> Value {
    match form {
        BillingForm::AsCounted => json!({ "rule": "as_counted" }),
        BillingForm::NotBilled { note, .. } => json!({ "rule": "not_billed", "note": note.trim() }),
        BillingForm::Figures { minimum, included_free, note } => json!({
            "rule": "billed",
            "minimum": minimum,
            "included_free": included_free,
            "note": note.trim(),
        }),
    }
}

type Rules = BTreeMap<ProductId, ProductBilling>;

/// The rules before and after the edit.
fn check<'a>(
    stored: &'a PartnerSettings,
    company: &CompanyId,
    rules: &BTreeMap<ProductId, BillingForm>,
) -> Result<(&'a Rules, Rules), NotSaved> {
    if stored.integration.is_none() {
        return Err(NotSaved::NotConnected);
    }
    let mut found = Found::default();
    let known = stored.companies.get(company);
    if known.is_none() {
        found.note(Field::Company, MistakeKind::Unknown(company.to_string()));
    }
    let mut after = known.map(|known| known.billing_rules.clone()).unwrap_or_default();
    for (product, form) in rules {
        if !stored.products.contains_key(product) {
            found.note(Field::Product, MistakeKind::Unknown(product.to_string()));
        }
        match read(form, &mut found) {
            Some(billing) => after.insert(product.clone(), billing),
            None => after.remove(product),
        };
    }
    found.none_or(known.map(|known| (&known.billing_rules, after)))
}

/// The rule of a form; `None` if it has none or is invalid.
fn read(form: &BillingForm, found: &mut Found) -> Option<ProductBilling> {
    if let BillingForm::NotBilled { note, .. } | BillingForm::Figures { note, .. } = form {
        found.text(Field::Note, note, MAX_NOTE);
    }
    let words = |note: &str| Some(note.trim().to_owned()).filter(|note| !note.is_empty());
    match form {
        BillingForm::AsCounted => None,
        BillingForm::Figures { minimum: 0, included_free: 0, note } => {
            if !note.trim().is_empty() {
                found.note(Field::Note, MistakeKind::NoEffect);
            }
            None
        }
        BillingForm::NotBilled { minimum, included_free, note } => {
            for (field, figure) in [(Field::Minimum, minimum), (Field::IncludedFree, included_free)] {
                if *figure != 0 {
                    found.note(field, MistakeKind::NoEffect);
                }
            }
            let note = found.required(Field::Note, words(note))?;
            Some(ProductBilling { rule: BillingRule::NotBilled, note: Some(note) })
        }
        BillingForm::Figures { minimum, included_free, note } => {
            let most = MAX_UNITS.into();
            found.within(Field::Minimum, *minimum, 0, most);
            found.within(Field::IncludedFree, *included_free, 0, most);
            let [minimum, included_free] = [*minimum, *included_free].map(u32::try_from);
            let rule = BillingRule::Billed { minimum: minimum.ok()?, included_free: included_free.ok()? };
            Some(ProductBilling { rule, note: words(note) })
        }
    }
}
