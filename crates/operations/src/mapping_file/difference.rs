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
        /// The current service.
        from: Option<ProductMapping>,
        /// The service in the file.
        to: Option<ProductMapping>,
    },
    /// A company's account or contracts.
    Company {
        /// The company.
        company: CompanyId,
        /// The current mapping.
        from: Option<CompanyMapping>,
        /// The mapping in the file.
        to: Option<CompanyMapping>,
    },
    /// The billing rule of a company's product.
    Billing {
        /// The company.
        company: CompanyId,
        /// The product.
        product: ProductId,
        /// The current rule.
        from: Option<ProductBilling>,
        /// The rule in the file.
        to: Option<ProductBilling>,
    },
}

/// A file compared with what is stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// Invalid rows. A file with any of them is not applied.
    pub bad: Vec<BadRow>,
    /// What the file changes.
    pub differences: Vec<Difference>,
    /// Companies whose users would be added together on one line and are not yet.
    pub companies_together: Vec<Vec<CompanyId>>,
    /// Products that would be one service and are not yet.
    pub products_together: Vec<ProductId>,
    /// Ids that the file brings in and Kaseya has never shown (A23): a sync finds out whether they are right.
    pub not_yet_known: Vec<NeverShown>,
    /// Lines that would be left over, each with a hold of its own. Empty while there are bad rows.
    pub leftovers: Vec<Leftover>,
}

impl Comparison {
    /// Whether a person must confirm that users are added together.
    pub fn asks_to_add_together(&self) -> bool {
        !self.companies_together.is_empty() || !self.products_together.is_empty()
    }

    /// Identifies the differences and the versions of the mappings that they were found against.
    pub fn mark(&self) -> String {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.differences).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}
