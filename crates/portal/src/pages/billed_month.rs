//! A company's last month: its frozen count next to what the provider charges (S-28).

use advice::{Language, number};
use domain::{CompanyId, Month, ProductId};
use store::{
    StoreError, Transaction,
    counts::{
        Users,
        billed_month::{self, Charges},
        senders,
    },
    settings::PartnerSettings,
};

use crate::{
    shown,
    words::{self, fill},
};

/// The month on a company's page.
pub(crate) struct BilledMonth {
    pub(super) words: &'static words::BilledMonth,
    pub(super) title: String,
    /// Whether the provider has sent charges.
    pub(super) is_charged: bool,
    /// Whether the counts are frozen: then a number is corrected, no longer counted.
    pub(super) is_frozen: bool,
    pub(super) products: Vec<Product>,
    /// The sources of the numbers.
    pub(super) sources: Vec<String>,
}

pub(super) struct Product {
    pub(super) name: String,
    pub(super) counted: Option<String>,
    pub(super) charged: String,
    /// Charged users minus counted users, with its sign; empty if they are equal or there is no count.
    pub(super) difference: String,
}

impl BilledMonth {
    /// The month of a company; `None` if nothing is known about it.
    pub async fn read(
        tx: &Transaction<'_>,
        settings: &PartnerSettings,
        company: &CompanyId,
        month: Month,
        language: Language,
    ) -> Result<Option<Self>, StoreError> {
        let billed = billed_month::read(tx, &settings.partner, &[company.as_str()], month).await?;
        let charged = billed.charged_for(company);
        let frozen = billed.frozen.get(company).cloned();
        if frozen.is_none() && charged.is_none() {
            return Ok(None);
        }
        let frozen_sources = senders::of_frozen(tx, &settings.partner, company, month).await?;
        let mut sources = crate::senders::frozen(&frozen_sources, settings, language);
        let told = senders::of_charges(tx, &settings.partner, month).await?;
        sources.extend(told.map(|told| crate::senders::charges(&told, settings, language)));
        let words = words::BilledMonth::of(language);
        let is_frozen = frozen.is_some();
        let frozen = frozen.unwrap_or_default();
        Ok(Some(Self {
            words,
            title: fill(words.title, &[("month", &shown::whole_month(month, language))]),
            is_frozen,
            is_charged: charged.is_some(),
            sources,
            products: products(&frozen, charged.as_ref(), settings, language),
        }))
    }
}

fn products(
    frozen: &Users,
    charged: Option<&Charges>,
    settings: &PartnerSettings,
    language: Language,
) -> Vec<Product> {
    let whole = |users: u32| number::whole(users.into(), language);
    let mut ids: Vec<&ProductId> =
        frozen.0.keys().chain(charged.iter().flat_map(|charges| charges.0.keys())).collect();
    ids.sort();
    ids.dedup();
    let of_product = |id: &ProductId| {
        let counted = frozen.with(id.as_str());
        let charged = charged.map(|charges| charges.with(id.as_str()));
        Product {
            name: settings.product_name(id),
            counted: counted.map(whole),
            charged: charged.map(whole).unwrap_or_default(),
            difference: counted
                .zip(charged)
                .map_or_else(String::new, |(counted, charged)| difference(counted, charged, language)),
        }
    };
    ids.into_iter().map(of_product).collect()
}

/// Charged users minus counted users, with its sign; empty if they are equal.
fn difference(counted: u32, charged: u32, language: Language) -> String {
    let by = number::whole(counted.abs_diff(charged).into(), language);
    match charged.cmp(&counted) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!("+{by}"),
        std::cmp::Ordering::Less => format!("−{by}"),
    }
}
