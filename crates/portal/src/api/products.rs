//! The products and the services that they are billed as (S-21 to S-25).

use axum::{Json, extract::State};
use domain::{ProductId, ServiceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::{Caller, Editor, settings_of},
    mapping::Leftovers,
    problem::{Problem, Problems},
    request::Body,
    shapes::Service,
};
use crate::Portal;

/// The partner's products.
#[derive(Serialize, ToSchema)]
pub(crate) struct Products {
    /// Ordered by id.
    products: Vec<Product>,
}

/// A product.
#[derive(Serialize, ToSchema)]
pub(crate) struct Product {
    product_id: String,
    name: String,
    /// Service that its users are billed as. Null if not mapped.
    service: Option<Service>,
}

/// Lists the products, each with its service.
#[utoipa::path(get, path = "/products", tag = "products", responses((status = 200, body = Products), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Products>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let products = settings.products.into_iter().map(|(id, known)| Product {
        product_id: id.to_string(),
        name: known.name,
        service: known.mapping.map(Service::from),
    });
    Ok(Json(Products { products: products.collect() }))
}

/// Services of products.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProductMappings {
    /// Products that are not listed keep their service.
    products: Vec<NewMapping>,
    /// Confirms that users of several products on one service are added together. Without it such a request fails
    /// with `add-products-together`.
    #[serde(default)]
    add_together: bool,
}

/// The service of a product.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewProductMapping)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMapping {
    #[schema(value_type = String)]
    product_id: ProductId,
    /// Service to bill its users as. Null removes the mapping.
    service: Option<Service>,
}

/// Maps products to services.
///
/// Lines to which nothing is mapped any more are held for a person.
#[utoipa::path(patch, path = "/product-mappings", tag = "products", request_body = NewProductMappings,
    responses((status = 200, body = Leftovers), Problems))]
pub(crate) async fn map(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Body(new): Body<NewProductMappings>,
) -> Result<Json<Leftovers>, Problem> {
    let named = |service: Service| (ServiceId(service.service_id), service.name);
    let services = new.products.into_iter().map(|new| (new.product_id, new.service.map(named))).collect();
    let left = portal
        .operations
        .by(&caller.actor)
        .save_product_mappings(&caller.partner, &services, new.add_together)
        .await?;
    Ok(Json(Leftovers::of(&portal, &caller.partner, left).await?))
}
