//! The service that a product is billed as.

use serde::{Deserialize, Serialize};
use store::settings::ProductMapping;
use utoipa::ToSchema;

/// A service in Kaseya's catalogue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Service id in Kaseya.
    pub service_id: i32,
    /// Name when it was mapped.
    pub name: String,
}

impl From<ProductMapping> for Service {
    fn from(mapping: ProductMapping) -> Self {
        Self { service_id: mapping.service.0, name: mapping.service_name }
    }
}
