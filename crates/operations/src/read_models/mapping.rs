//! Account and contracts of a company.

use std::collections::BTreeMap;

use domain::ProductId;
use serde::Serialize;
use store::settings::{CompanyMapping, Contract};
use utoipa::ToSchema;

/// Account and contract of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mapping {
    account_id: i32,
    account: String,
    contract: ContractName,
    /// Products that have their own contract of the account.
    #[schema(value_type = BTreeMap<String, ContractName>)]
    product_contracts: BTreeMap<ProductId, ContractName>,
    /// Goes up with every edit; an edit names it.
    version: u32,
}

/// A contract, as it was mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContractName {
    contract_id: i32,
    name: String,
}

impl From<Contract> for ContractName {
    fn from(contract: Contract) -> Self {
        Self { contract_id: contract.id.0, name: contract.name }
    }
}

impl From<CompanyMapping> for Mapping {
    fn from(known: CompanyMapping) -> Self {
        let of_products = known.product_contracts.into_iter();
        Self {
            account_id: known.account.0,
            account: known.account_name,
            contract: known.contract.into(),
            product_contracts: of_products.map(|(product, contract)| (product, contract.into())).collect(),
            version: known.version,
        }
    }
}
