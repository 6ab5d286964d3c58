//! The API under `/v1`: what the pages do, for programs, by the same functions.
//!
//! Who calls brings a token of the partner that the address names; cookies say nothing here. Whatever goes wrong is told as
//! RFC 9457 has it. The document of the API is made from what serves it.

mod access;
mod caller;
mod calls;
mod companies;
mod company;
mod connection;
mod document;
mod holds;
mod intake;
mod journal;
mod keyed;
mod looking_up;
mod mapping;
mod mapping_file;
mod overview;
pub(crate) mod problem;
mod products;
mod request;
mod runs;
mod schedule;
mod security_events;
mod senders;
mod suggestions;
mod sync;
mod waiting;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use domain::PartnerId;
use store::settings::{IntegrationState, PartnerSettings};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Portal;
use problem::Problem;

pub use document::document;

/// All of it, as it is served under `/v1`.
pub(crate) fn router(portal: &Portal) -> Router<Portal> {
    let (router, _) = described().split_for_parts();
    let once = middleware::from_fn_with_state(portal.clone(), keyed::once);
    router
        .nest("/partners/{partner}", Router::from(ordered()).route_layer(once))
        .route("/openapi.json", get(document::show))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(request::MAX_BODY))
}

/// What can be asked any number of times.
fn described() -> OpenApiRouter<Portal> {
    let partner = OpenApiRouter::new()
        .routes(routes!(overview::show))
        .routes(routes!(connection::show, connection::save))
        .routes(routes!(connection::authenticate))
        .routes(routes!(connection::switch))
        .routes(routes!(products::show, intake::take_products))
        .routes(routes!(products::map))
        .routes(routes!(schedule::show, schedule::save))
        .routes(routes!(companies::list, intake::take_companies))
        .routes(routes!(companies::sheet))
        .routes(routes!(intake::report, intake::standing))
        .routes(routes!(intake::take_charges))
        .routes(routes!(intake::correct))
        .routes(routes!(looking_up::services))
        .routes(routes!(looking_up::accounts))
        .routes(routes!(looking_up::contracts))
        .routes(routes!(company::show))
        .routes(routes!(mapping::save, mapping::remove))
        .routes(routes!(company::save_billing_rules))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(sync::show))
        .routes(routes!(security_events::list))
        .routes(routes!(holds::list))
        .routes(routes!(journal::list))
        .routes(routes!(journal::sheet))
        .routes(routes!(mapping_file::export, mapping_file::apply))
        .routes(routes!(mapping_file::compare))
        .routes(routes!(suggestions::account_suggestions))
        .routes(routes!(access::list_members))
        .routes(routes!(access::remove_member))
        .routes(routes!(access::list_tokens, access::make_token))
        .routes(routes!(access::revoke_token))
        .routes(routes!(calls::show));
    OpenApiRouter::new().nest("/partners/{partner}", partner)
}

/// What is done once, however often it comes with one `Idempotency-Key`.
fn ordered() -> OpenApiRouter<Portal> {
    OpenApiRouter::new()
        .routes(routes!(mapping::save_many))
        .routes(routes!(sync::ask))
        .routes(routes!(holds::decide))
        .routes(routes!(access::add_member))
}

/// Everything that a partner has set.
async fn settings_of(portal: &Portal, partner: &PartnerId) -> Result<PartnerSettings, Problem> {
    portal.settings_of(partner).await?.ok_or(Problem::NotFound)
}

/// Where a switch stands, as documents say it.
fn state_word(state: Option<IntegrationState>) -> &'static str {
    match state {
        None => "not_set_up",
        Some(IntegrationState::On) => "on",
        Some(IntegrationState::SwitchingOff) => "switching_off",
        Some(IntegrationState::Off) => "off",
    }
}
