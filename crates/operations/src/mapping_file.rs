//! All mappings as one file that people edit in a spreadsheet (B-08).
//!
//! Whatever a file leaves out stays as it is. Before a file is applied it is compared: the comparison applies it in
//! a transaction and rolls that back, so it shows exactly what applying would do. A file is applied as a whole or
//! not at all, and only as it was shown: half of a file, e.g. one of two companies that swap places, is a result
//! that no person asked for.

mod bad_row;
mod comparison;
mod difference;
mod not_looked;
#[cfg(test)]
mod round_trip;
mod sheet;

use std::collections::BTreeSet;

use domain::{PartnerId, SecurityEventKind};
use jiff::Timestamp;
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::security_events::SecurityEvent,
    kaseya::{
        names::{self, NameOf},
        never_shown::{NeverShown, never_shown},
    },
    settings::{self, CompanyMapping, NewCompanyMapping, PartnerSettings, billing_rules},
};

pub use crate::spreadsheet::Separator;
use crate::{
    Acting, Operations,
    acting::Kept,
    company_mapping,
    leftovers::{self, Leftover},
};
pub use bad_row::{BadRow, Column, Wrong};
pub use difference::{Comparison, Difference};
pub use not_looked::{MAX_BYTES, MAX_ROWS, NotApplied, NotLooked};

impl Operations {
    /// All mappings as a file.
    pub async fn mapping_file(
        &self,
        partner: &PartnerId,
        separator: Separator,
    ) -> Result<Vec<u8>, NotLooked> {
        let read = self
            .store
            .transaction("mapping_file", |tx| Box::pin(async move { stored(tx, partner).await }))
            .await?;
        Ok(sheet::write(&read, separator))
    }

    /// Shows what a file would change. Stores nothing.
    pub async fn look_at_mapping_file(
        &self,
        partner: &PartnerId,
        file: &[u8],
    ) -> Result<Comparison, NotLooked> {
        match self.go_through(partner, file, None).await {
            Err(NotApplied::LookAgain(comparison)) => Ok(*comparison),
            Err(NotApplied::NotLooked(error)) => Err(error),
            Ok(_) => Ok(Comparison::default()),
        }
    }

    /// Applies a file and keeps the result only if a person has seen what it changes.
    async fn go_through(
        &self,
        partner: &PartnerId,
        file: &[u8],
        applying: Option<AsShown<'_>>,
    ) -> Result<(Vec<Leftover>, Kept), NotApplied> {
        let sheet = sheet::read(file)?;
        let (now, entropy, sheet) = (self.clock.now(), &self.entropy, &sheet);
        self.store
            .transaction("apply_mapping_file", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let before = stored(tx, partner).await?;
                    let names = names::all(tx, partner).await?;
                    let (mut comparison, after) = comparison::compare(&before, sheet, &names);
                    if !comparison.bad.is_empty() {
                        return Err(NotApplied::LookAgain(Box::new(comparison)));
                    }
                    store(tx, &before, &after, &comparison.differences, now).await?;
                    let unknown = never_shown(tx, partner, None).await?;
                    comparison.not_yet_known = brought_in(unknown, &comparison.differences);
                    comparison.leftovers = leftovers::ask(tx, partner, entropy, now).await?;
                    let seen = applying.filter(|as_shown| {
                        comparison.mark() == as_shown.mark
                            && (as_shown.add_together || !comparison.asks_to_add_together())
                    });
                    // An error rolls the transaction back.
                    let Some(AsShown { by, .. }) = seen else {
                        return Err(NotApplied::LookAgain(Box::new(comparison)));
                    };
                    let details = changed(&comparison.differences);
                    let applied = SecurityEvent::of(
                        SecurityEventKind::MappingFileApplied,
                        partner,
                        "mapping file",
                        details,
                    );
                    Ok((comparison.leftovers, by.keep(tx, applied).await?))
                })
            })
            .await
    }
}

/// A file to apply as it was shown.
#[derive(Debug, Clone, Copy)]
struct AsShown<'a> {
    by: &'a Acting<'a>,
    mark: &'a str,
    add_together: bool,
}

impl Acting<'_> {
    /// Applies a file as it was shown and returns the lines it leaves over. `mark` is the mark of the comparison;
    /// `add_together` confirms that the users named in the comparison are added together.
    pub async fn apply_mapping_file(
        &self,
        partner: &PartnerId,
        file: &[u8],
        mark: &str,
        add_together: bool,
    ) -> Result<Vec<Leftover>, NotApplied> {
        let applying = AsShown { by: self, mark, add_together };
        let (leftovers, kept) = self.go_through(partner, file, Some(applying)).await?;
        kept.log();
        Ok(leftovers)
    }
}

/// What a file changed, as the security event shows it.
fn changed(differences: &[Difference]) -> serde_json::Value {
    let (mut products, mut companies, mut billing) = (Vec::new(), Vec::new(), Vec::new());
    for difference in differences {
        match difference {
            Difference::Product { product, to, .. } => {
                products.push(
                    json!({ "product": product.as_str(), "service": to.as_ref().map(|to| to.service.0) }),
                );
            }
            Difference::Company { company, to, .. } => companies.push(json!({
                "company": company.as_str(),
                "account": to.as_ref().map(|to| to.account.0),
                "contract": to.as_ref().map(|to| to.contract.id.0),
            })),
            Difference::Billing { company, product, .. } => {
                billing.push(json!({ "company": company.as_str(), "product": product.as_str() }));
            }
        }
    }
    json!({ "products": products, "companies": companies, "billing_rules": billing })
}

/// Before the connection is saved for the first time there is nothing to map (S-19).
async fn stored(tx: &Transaction<'_>, partner: &PartnerId) -> Result<PartnerSettings, NotLooked> {
    let read = settings::read(tx, partner).await?;
    read.filter(|settings| settings.integration.is_some()).ok_or(NotLooked::NotConnected)
}

/// Which of these ids the differences bring in.
fn brought_in(unknown: Vec<NeverShown>, differences: &[Difference]) -> Vec<NeverShown> {
    let mut ids: BTreeSet<(NameOf, i32)> = BTreeSet::new();
    for difference in differences {
        match difference {
            Difference::Product { to: Some(to), .. } => {
                ids.insert((NameOf::Service, to.service.0));
            }
            Difference::Company { to: Some(to), .. } => {
                let contracts = std::iter::once(&to.contract).chain(to.product_contracts.values());
                ids.extend(contracts.map(|contract| (NameOf::Contract, contract.id.0)));
                ids.insert((NameOf::Account, to.account.0));
            }
            Difference::Product { to: None, .. }
            | Difference::Company { to: None, .. }
            | Difference::Billing { .. } => {}
        }
    }
    unknown.into_iter().filter(|one| ids.contains(&(one.of, one.id))).collect()
}

async fn store(
    tx: &Transaction<'_>,
    before: &PartnerSettings,
    after: &PartnerSettings,
    differences: &[Difference],
    now: Timestamp,
) -> Result<(), StoreError> {
    let partner = &before.partner;
    for difference in differences {
        match difference {
            Difference::Product { product, to, .. } => {
                let service = to.as_ref().map(|to| (to.service, to.service_name.clone()));
                settings::store_product_mapping(tx, partner, product, service.as_ref()).await?;
            }
            Difference::Company { company, from, to: Some(to) } => {
                company_mapping::store(tx, partner, company, &new_mapping(to), from.as_ref(), now).await?;
            }
            Difference::Company { company, to: None, .. } => {
                settings::remove_mapping(tx, partner, company).await?;
            }
            // All rules of a company at once: below.
            Difference::Billing { .. } => {}
        }
    }
    for (company, known) in &before.companies {
        if let Some(after) = after.companies.get(company) {
            let (before, after) = (&known.billing_rules, &after.billing_rules);
            billing_rules::store(tx, partner, company, before, after).await?;
        }
    }
    Ok(())
}

fn new_mapping(mapping: &CompanyMapping) -> NewCompanyMapping {
    let own = mapping.product_contracts.iter();
    NewCompanyMapping {
        account: mapping.account,
        account_name: mapping.account_name.clone(),
        contract: mapping.contract.id,
        contract_name: mapping.contract.name.clone(),
        product_contracts: own
            .map(|(product, contract)| (product.clone(), (contract.id, contract.name.clone())))
            .collect(),
    }
}
