//! Product mappings (S-21 to S-25): read-only until edited; services are searched live in Kaseya.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{ProductId, ServiceId};
use operations::{
    not_saved::{MistakeKind, NotSaved},
    product_mappings::ProductServices,
};
use serde::Deserialize;
use store::{
    kaseya::names::NameOf,
    settings::{self, PartnerSettings},
};

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    kaseya_says::{self, KaseyaSays},
    named::Named,
    pages::{page, tabs},
    said::Said,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "products.html")]
struct Products {
    frame: Frame,
    mapping: &'static words::Mapping,
    connection: &'static words::Connection,
    activity: &'static words::Activity,
    tabs: Vec<tabs::Tab>,
    is_edited: bool,
    search: String,
    rows: Vec<Row>,
    found: Option<String>,
    kaseya: Option<KaseyaSays>,
    /// The question whether to add products together, if it must be answered.
    together: Option<String>,
    mistake: Option<String>,
}

struct Row {
    id: String,
    name: String,
    /// The service, as shown.
    service: Option<String>,
    /// Whether Kaseya has never shown its id.
    is_unknown: bool,
    /// The choices: value, name, whether selected.
    options: Vec<(String, String, bool)>,
}

/// Whether the page is being edited, and the search text.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ProductsQuery {
    #[serde(default)]
    edit: bool,
    #[serde(default)]
    search: String,
}

/// The chosen services.
type Chosen = BTreeMap<ProductId, Option<Named<ServiceId>>>;

pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<ProductsQuery>,
) -> Result<Response, Failure> {
    let settings = visit.connected_settings(&portal).await?;
    let edit = asked.edit && visit.role.may_edit();
    Ok(page(&page_of(&portal, &visit, &settings, edit, &asked.search, &stored_choice(&settings)).await?))
}

fn stored_choice(settings: &PartnerSettings) -> Chosen {
    let of = |(id, product): (&ProductId, &settings::Product)| {
        let mapping = product.mapping.as_ref();
        (id.clone(), mapping.map(|mapping| Named { id: mapping.service, name: mapping.service_name.clone() }))
    };
    settings.products.iter().map(of).collect()
}

async fn page_of(
    portal: &Portal,
    visit: &Visit,
    settings: &PartnerSettings,
    edit: bool,
    search: &str,
    chosen: &Chosen,
) -> Result<Products, Failure> {
    let language = visit.language;
    let words = words::Mapping::of(language);
    let frame = visit.frame(portal, Place::Integrations);
    let mut kaseya = None;
    let mut services = Vec::new();
    // Only the edit page asks Kaseya.
    if edit {
        match portal.connections.services(&visit.partner, search).await {
            Ok(found) => services = found,
            Err(error) => kaseya = Some(kaseya_says::of(error, settings.zone(), language)?),
        }
    }
    let found = (edit && kaseya.is_none()).then(|| match services.len() {
        0 => words.found_none.to_owned(),
        1 => words.found_service.to_owned(),
        number => fill(words.found_services, &[("number", &number)]),
    });
    let unknown = portal.operations.never_shown(&visit.partner, None).await?;
    let rows = settings.products.iter().map(|(id, product)| {
        let choice = chosen.get(id).cloned().flatten();
        let mut options: Vec<(String, String, bool)> = Vec::new();
        if let Some(choice) = &choice {
            options.push((choice.to_string(), choice.name.clone(), true));
        }
        let others =
            services.iter().filter(|service| choice.as_ref().is_none_or(|choice| choice.id != service.id));
        options.extend(others.map(|service| {
            let named = Named { id: service.id, name: service.name.clone() };
            (named.to_string(), service.name.clone(), false)
        }));
        Row {
            id: id.to_string(),
            name: product.name.clone(),
            service: product.mapping.as_ref().map(|mapping| mapping.service_name.clone()),
            is_unknown: product.mapping.as_ref().is_some_and(|mapping| {
                unknown.iter().any(|unknown| unknown.of == NameOf::Service && unknown.id == mapping.service.0)
            }),
            options,
        }
    });
    Ok(Products {
        mapping: words,
        connection: words::Connection::of(language),
        activity: words::Activity::of(language),
        tabs: tabs::of(&frame, tabs::At::Products, true),
        is_edited: edit,
        search: search.to_owned(),
        rows: rows.collect(),
        found,
        kaseya,
        together: None,
        mistake: None,
        frame,
    })
}

/// The posted form: a product and a service per row, in row order.
#[derive(Debug, Deserialize)]
pub(crate) struct ProductsForm {
    #[serde(default)]
    product: Vec<ProductId>,
    #[serde(default)]
    service: Vec<String>,
    #[serde(default)]
    add_together: bool,
}

pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Posted(typed): Posted<ProductsForm>,
) -> Result<Response, Failure> {
    if typed.product.len() != typed.service.len() {
        return Err(Failure::Form("a product without its service".to_owned()));
    }
    let chosen: Option<Chosen> = typed
        .product
        .into_iter()
        .zip(&typed.service)
        .map(|(product, service)| Some((product, Named::read_or_none(service, ServiceId)?)))
        .collect();
    let chosen = chosen.ok_or_else(|| Failure::Form("no service".to_owned()))?;
    let services: ProductServices = chosen
        .iter()
        .map(|(product, service)| (product.clone(), service.clone().map(|named| (named.id, named.name))))
        .collect();
    let partner = &visit.partner;
    let saved = portal
        .operations
        .by(&visit.actor)
        .save_product_mappings(partner, &services, typed.add_together)
        .await;
    let refusal = match saved {
        Ok(left) => {
            let said = Said::of_mappings(&portal, partner, &left, None).await?;
            return Ok(Redirect::to(&said.at(partner, "integrations/kaseya-bms/products")).into_response());
        }
        Err(refusal) => refusal,
    };
    let settings = visit.connected_settings(&portal).await?;
    let mut page_of = page_of(&portal, &visit, &settings, true, "", &chosen).await?;
    match refusal {
        NotSaved::AddProductsTogether(products) => {
            let names: Vec<String> = products.iter().map(|id| settings.product_name(id)).collect();
            page_of.together = Some(fill(page_of.mapping.together_products, &[("names", &names.join(", "))]));
        }
        NotSaved::Mistakes(mistakes) => {
            let words = page_of.mapping;
            let named = mistakes.iter().find_map(|mistake| match &mistake.kind {
                MistakeKind::NotItsName { id, told, named } => {
                    Some(fill(words.not_its_name, &[("id", id), ("told", told), ("named", named)]))
                }
                _ => None,
            });
            page_of.mistake = Some(named.unwrap_or_else(|| words.unknown.to_owned()));
        }
        NotSaved::Store(error) => return Err(error.into()),
        _ => return Err(Failure::NotFound),
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}
