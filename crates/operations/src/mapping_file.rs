//! All mappings as one file that people edit in a spreadsheet (B-08).
//!
//! What a file leaves out stays as it is. A file is looked at first: that goes the way of applying it, in a transaction that
//! is then taken back, so that what is shown is what would become of it. It is applied as a whole or not at all, and only
//! as it was shown: half of a file, such as one of two companies that change places, is nothing that anybody has asked for.

mod comparison;
#[cfg(test)]
mod round_trip;
mod sheet;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use domain::{CompanyId, PartnerId, ProductId, SecurityEventKind};
use jiff::Timestamp;
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::security_events::SecurityEvent,
    kaseya::{
        names::{self, NameOf},
        never_shown::{NeverShown, never_shown},
    },
    settings::{
        self, CompanyMapping, NewCompanyMapping, PartnerSettings, ProductBilling, ProductMapping,
        billing_rules,
    },
};

pub use crate::spreadsheet::Separator;
use crate::{
    Acting, Operations,
    acting::Kept,
    company_mapping,
    leftovers::{self, Leftover},
};

/// Bytes that a file has at most.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Rows that a file has at most.
pub const MAX_ROWS: usize = 50_000;

/// A column by its name in the first row.
pub type Column = &'static str;

/// A row that cannot be taken: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number in a spreadsheet: the first row, which names the columns, is 1.
    pub line: u64,
    /// The column.
    pub column: Column,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is empty, and must not be.
    #[error("it is missing")]
    Missing,
    /// It is not a number from the one to the other.
    #[error("write a whole number from {least} to {most}")]
    OutOfRange {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// It is none of these words.
    #[error("write one of: {0}")]
    NotOneOf(&'static str),
    /// There is no product or company of this id.
    #[error("there is no {0}")]
    Unknown(String),
    /// The company or product of this id has another name: the id may have been changed by the spreadsheet.
    #[error("the one of this id is called {0}: check the id")]
    OtherName(String),
    /// Kaseya calls what has this id otherwise (G-06).
    #[error(
        "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): correct the one or the other"
    )]
    NotItsName {
        /// The id.
        id: i32,
        /// What the row calls it.
        told: String,
        /// What Kaseya calls it.
        named: String,
    },
    /// Another row is about the same.
    #[error("row {0} is about the same: leave one")]
    Twice(u64),
    /// A product has a contract of its own only where its company is mapped.
    #[error("the company is not mapped: give it an account and a contract first")]
    NotMapped,
    /// Other companies say that the contract is another account's.
    #[error("other companies have this contract under another account: {}", names(.0))]
    OtherAccount(Vec<CompanyId>),
    /// The row has more cells than the first one: a separator within a name is not between quotes.
    #[error("the row has more cells than the first row: put quotes around a name with a separator in it")]
    TooManyCells,
    /// Nothing is done with the cell: its row is of a kind that does not read it, or another cell is missing or says otherwise.
    #[error("nothing is done with it in this row: empty it{}", also(*.0))]
    NoEffect(Option<Column>),
    /// It has a character that no text may have, or too many.
    #[error(transparent)]
    Text(domain::TextError),
}

fn also(column: Option<Column>) -> String {
    column.map(|column| format!(", or fill in {column}")).unwrap_or_default()
}

fn names(companies: &[CompanyId]) -> String {
    companies.iter().map(CompanyId::as_str).collect::<Vec<_>>().join(", ")
}

/// What a file changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A product's service.
    Product {
        /// The product.
        product: ProductId,
        /// Its service now.
        from: Option<ProductMapping>,
        /// Its service then.
        to: Option<ProductMapping>,
    },
    /// A company's account or contracts.
    Company {
        /// The company.
        company: CompanyId,
        /// Its mapping now.
        from: Option<CompanyMapping>,
        /// Its mapping then.
        to: Option<CompanyMapping>,
    },
    /// The billing rule of a company's product.
    Billing {
        /// The company.
        company: CompanyId,
        /// The product.
        product: ProductId,
        /// Its rule now.
        from: Option<ProductBilling>,
        /// Its rule then.
        to: Option<ProductBilling>,
    },
}

/// A file beside what is stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// Rows that cannot be taken. With any of them the file is not applied.
    pub bad: Vec<BadRow>,
    /// What it changes.
    pub differences: Vec<Difference>,
    /// Companies whose users would be added together on one line and are not yet.
    pub companies_together: Vec<Vec<CompanyId>>,
    /// Products that would be one service and are not yet.
    pub products_together: Vec<ProductId>,
    /// Ids that it brings in and Kaseya has never shown (A23): whether they are right is found out by a sync.
    pub not_yet_known: Vec<NeverShown>,
    /// Lines that would be left over: each is asked about by a hold of its own. Nothing is told of them while there are
    /// bad rows.
    pub leftovers: Vec<Leftover>,
}

impl Comparison {
    /// Whether a person is to say that users are to be added together.
    pub fn asks_to_add_together(&self) -> bool {
        !self.companies_together.is_empty() || !self.products_together.is_empty()
    }

    /// Stands for the differences and for the versions of the mappings that they were found against.
    pub fn mark(&self) -> String {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.differences).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// Why a file was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum NotLooked {
    /// It is too large.
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// It has too many rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// It is not UTF-8.
    #[error("the file is not UTF-8: save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// The first row does not name this column.
    #[error("the first row names no column {0}")]
    NoColumn(Column),
    /// A column that is not read has something in it.
    #[error("the column {0:?} is not read, or named twice: remove it")]
    StrangeColumn(String),
    /// There is no such partner, or its connection to Kaseya is to be saved first (S-19).
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a file was not applied: nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// It has bad rows, it is not as it was shown, or it is not said that users are to be added together.
    #[error("look at the file again: it is not as it was shown")]
    LookAgain(Box<Comparison>),
    /// It was not even looked at.
    #[error(transparent)]
    NotLooked(#[from] NotLooked),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        Self::NotLooked(NotLooked::Store(error))
    }
}

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

    /// Looks at a file: what it would change. Nothing is stored.
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

    /// Goes the way of applying a file, which is applied where somebody has seen what it changes.
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
                    // An error takes the transaction back.
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

/// A file that is applied as it was shown.
#[derive(Debug, Clone, Copy)]
struct AsShown<'a> {
    by: &'a Acting<'a>,
    mark: &'a str,
    add_together: bool,
}

impl Acting<'_> {
    /// Applies a file as it was shown: `mark` is that of the comparison, `add_together` that a person wants those users
    /// added together that the comparison names. Answers the lines that are left over by it.
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

/// What a file has changed, as it is kept with who applied it.
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

/// Before the first save of the connection there is nothing to map (S-19).
async fn stored(tx: &Transaction<'_>, partner: &PartnerId) -> Result<PartnerSettings, NotLooked> {
    let read = settings::read(tx, partner).await?;
    read.filter(|settings| settings.integration.is_some()).ok_or(NotLooked::NotConnected)
}

/// Those of these ids that the differences bring in.
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
