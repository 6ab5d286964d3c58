//! What a file changes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::{CompanyId, ProductId};
use store::{
    kaseya::never_shown::NeverShown,
    settings::{CompanyMapping, ProductBilling, ProductMapping},
};

use super::BadRow;
use crate::leftovers::Leftover;

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
