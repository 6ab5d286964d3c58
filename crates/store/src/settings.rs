//! A partner's settings (integration, mappings, schedule, billing rules, switch) and the installation's settings.

pub mod billing_rules;
pub mod installation;
mod mapping_versions;
pub mod password_ages;
pub mod probes;
mod reading;
pub mod refused_credentials;
pub mod schedules;
pub mod start_over;
pub mod switch;
mod writing;

pub use billing_rules::ProductBilling;
pub(crate) use mapping_versions::mark_closing_mappings;
pub use reading::{
    Company, CompanyMapping, Contract, Integration, PartnerSettings, Product, ProductMapping,
    RefusedCredentials, Zones, companies, connected, count_zone, hold_state, partners, read,
    read_integration, writes_stopped, zones,
};
pub(crate) use reading::{products, standing};
pub use schedules::StoredSchedule;
pub(crate) use writing::take_event_numbers;
pub use writing::{
    NewCompany, NewCompanyMapping, NewIntegration, NewProduct, bring_forward, hold, remove_mapping,
    store_company, store_contract_billing, store_count_basis, store_integration, store_mapping,
    store_partner, store_product_mapping, store_products, store_schedule,
};
