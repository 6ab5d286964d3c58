//! Account and contracts of a company.

use std::collections::BTreeMap;

use domain::ProductId;
use serde::Serialize;
use store::settings::{CompanyMapping, Contract};
use utoipa::ToSchema;

/// Account and contracts of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mapping {
    /// Account id in Kaseya.
    account_id: i32,
    /// Account name when it was mapped.
    account: String,
    contract: ContractName,
    /// Products with a contract of their own in the account, by product id.
    #[schema(value_type = BTreeMap<String, ContractName>)]
    product_contracts: BTreeMap<ProductId, ContractName>,
    /// Version of the mapping, higher after every edit. An edit must name it.
    version: u32,
}

/// A contract as mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContractName {
    /// Contract id in Kaseya.
    contract_id: i32,
    /// Contract name when it was mapped.
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
