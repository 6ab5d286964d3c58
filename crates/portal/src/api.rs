//! The API under `/v1`: what the pages do, for programs, through the same functions.
//!
//! The caller sends a token of the partner in the path; cookies do not count here. Errors are reported as RFC 9457
//! says. The API document is generated from the handlers.

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
mod problem_types;
mod products;
mod request;
mod routes;
mod runs;
mod schedule;
mod security_events;
mod senders;
mod shapes;
mod suggestions;
mod sync_requests;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};

use crate::Portal;
use problem::Problem;
use routes::{described, ordered};

pub use document::document;

/// All routes under `/v1`.
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
