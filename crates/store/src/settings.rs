//! A partner's settings (integration, mappings, schedule, billing rules, switch) and the installation's settings.

pub mod billing_rules;
pub mod installation;
mod integration;
mod mapping_versions;
pub mod password_ages;
pub mod password_seal;
pub mod probes;
mod reading;
pub mod refused_credentials;
pub mod schedules;
pub mod start_over;
pub mod switch;
mod writing;

pub use billing_rules::ProductBilling;
pub(crate) use integration::standing;
pub use integration::{
    Integration, NewIntegration, RefusedCredentials, StoredPassword, connected, hold_state, read_integration,
};
pub(crate) use mapping_versions::mark_closing_mappings;
pub(crate) use reading::products;
pub use reading::{
    Company, CompanyMapping, Contract, PartnerSettings, Product, ProductMapping, Zones, companies,
    count_zone, partners, read, writes_stopped, zones,
};
pub use schedules::StoredSchedule;
pub(crate) use writing::take_event_numbers;
pub use writing::{
    NewCompany, NewCompanyMapping, NewProduct, bring_forward, hold, remove_mapping, store_company,
    store_contract_billing, store_count_basis, store_integration, store_mapping, store_partner,
    store_product_mapping, store_products, store_schedule,
};
