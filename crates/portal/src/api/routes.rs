//! The calls of the API.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    access, calls, companies, company, connection, holds, intake, journal, looking_up, mapping, mapping_file,
    overview, products, runs, schedule, security_events, suggestions, sync_requests,
};
use crate::Portal;

/// What can be asked any number of times.
pub(super) fn described() -> OpenApiRouter<Portal> {
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
        .routes(routes!(sync_requests::show))
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
pub(super) fn ordered() -> OpenApiRouter<Portal> {
    OpenApiRouter::new()
        .routes(routes!(mapping::save_many))
        .routes(routes!(sync_requests::ask))
        .routes(routes!(holds::decide))
        .routes(routes!(access::add_member))
}
