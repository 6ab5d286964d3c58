//! The companies with users in a line. A plan switch is recognised from them (B-07).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CompanyId, ProductId, SeenShares};

/// The share of one count in a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The units billed for the count.
    pub units: u32,
}

/// The shares in the number that a line was last seen to hold, or that Kaseya last accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetShares {
    /// The share of each count.
    pub shares: Vec<Share>,
    /// The number of the run that saw it.
    pub run_number: u64,
}

impl TargetShares {
    /// The units of each company.
    pub fn by_company(&self) -> SeenShares {
        let mut units: BTreeMap<CompanyId, u32> = BTreeMap::new();
        for share in &self.shares {
            let of_company = units.entry(share.company.clone()).or_default();
            *of_company = of_company.saturating_add(share.units);
        }
        SeenShares { units, run_number: self.run_number }
    }
}
