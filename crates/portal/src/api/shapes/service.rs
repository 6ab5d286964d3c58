//! The service that a product is billed as.

use serde::{Deserialize, Serialize};
use store::settings::ProductMapping;
use utoipa::ToSchema;

/// Kaseya's sellable item.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub service_id: i32,
    /// Its name when it was mapped.
    pub name: String,
}

impl From<ProductMapping> for Service {
    fn from(mapping: ProductMapping) -> Self {
        Self { service_id: mapping.service.0, name: mapping.service_name }
    }
}
