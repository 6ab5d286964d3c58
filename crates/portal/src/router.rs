//! Every path of the portal, and the rules that apply to all of them.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};
use tracing::{Instrument as _, Span};

use crate::{
    Portal,
    api::{
        self,
        problem::{FieldMistake, Problem},
    },
    assets,
    failure::Failure,
    forms, pages, request_metrics,
};

/// Only what this host serves: no inline script or style, no frame, no form action elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                              form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// No page uses any device feature.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Browsers use TLS only, for a year.
const TLS_ALONE: &str = "max-age=31536000";

/// Headers of all responses.
fn headers(plain_http: bool) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let over_tls = (!plain_http).then_some((header::STRICT_TRANSPORT_SECURITY, TLS_ALONE));
    [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ]
    .into_iter()
    .chain(over_tls)
}

pub(crate) fn router(portal: Portal) -> Router {
    let mut router = Router::new()
        .route("/", get(pages::start::show))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::sign_in))
        .route("/sign-in/openid", get(pages::sign_in_openid::begin))
        .route("/sign-in/openid/back", get(pages::sign_in_openid::back))
        .route("/sign-in/openid/sign-out", get(pages::sign_in_openid::sign_out))
        .route("/sign-out", post(pages::sign_in::sign_out))
        .route("/confirm", get(pages::confirm::show).post(pages::confirm::confirm))
        .route("/sessions", get(pages::sessions::show))
        .route("/sessions/end", post(pages::sessions::end))
        .route("/sessions/end-others", post(pages::sessions::end_others))
        .route("/language", post(pages::start::speak))
        .nest("/partners/{partner}", partner())
        .nest("/v1", api::router(&portal))
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::NotFound)
        .layer(middleware::from_fn(plain_query))
        .layer(middleware::from_fn_with_state(portal.clone(), pages::plain::failure_pages))
        .layer(middleware::from_fn(traced))
        .layer(middleware::from_fn_with_state(portal.metrics.clone(), request_metrics::measure))
        // Pages show one partner's current data.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .route("/assets/{version}/{name}", get(assets::serve))
        .layer(CompressionLayer::new());
    for (name, value) in headers(portal.settings.plain_http) {
        let value = HeaderValue::from_static(value);
        router = router.layer(SetResponseHeaderLayer::overriding(name, value));
    }
    router.with_state(portal)
}

/// Starts a trace for each request; its id is stored with the changes. The caller's own trace is linked, not
/// trusted.
async fn traced(request: Request, next: Next) -> Response {
    let span = span_of(&request);
    let response = next.run(request).instrument(span.clone()).await;
    let _ = span.record("http.response.status_code", response.status().as_u16());
    response
}

fn span_of(request: &Request) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        http.request.method = %request.method(),
        url.path = request.uri().path(),
        http.response.status_code = tracing::field::Empty,
    );
    let told = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    runtime::trace::link(&span, told("traceparent"), told("tracestate"));
    span
}

/// Refuses a query with an invalid text before it is used.
async fn plain_query(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    match forms::check_texts(query.as_bytes()) {
        Ok(()) => next.run(request).await,
        Err((field, error)) if request.uri().path().starts_with("/v1/") => {
            Problem::Mistakes(vec![FieldMistake::new(field, "text", error)]).into_response()
        }
        Err((field, error)) => Failure::Text(field, error).into_response(),
    }
}

/// The pages of one partner.
fn partner() -> Router<Portal> {
    Router::new()
        .route("/", get(pages::overview::show))
        .route("/changes", get(pages::changes::stream))
        .route("/integrations", get(pages::integrations::show))
        .route("/integrations/kaseya-bms", get(pages::connection::show).post(pages::connection::post))
        .route("/integrations/kaseya-bms/schedule", get(pages::schedule::show).post(pages::schedule::post))
        .route("/companies", get(pages::companies::show))
        .route("/companies.csv", get(pages::companies::csv))
        .route("/integrations/kaseya-bms/products", get(pages::products::show).post(pages::products::post))
        .route(
            "/integrations/kaseya-bms/mapping-file",
            get(pages::mapping_file::show)
                .post(pages::mapping_file::post)
                .layer(DefaultBodyLimit::max(pages::mapping_file::MAX_FORM)),
        )
        .route("/integrations/kaseya-bms/mapping-file.csv", get(pages::mapping_file::csv))
        .route(
            "/companies/{company}/mapping",
            get(pages::company_mapping::show).post(pages::company_mapping::post),
        )
        .route("/companies/suggestions", get(pages::suggestions::show).post(pages::suggestions::post))
        .route("/companies/{company}/billing", get(pages::billing::show).post(pages::billing::post))
        .route("/companies/{company}/correction", get(pages::correction::show).post(pages::correction::post))
        .route("/companies/{company}", get(pages::company::show))
        .route("/activity", get(pages::activity::show))
        .route("/activity/{run}", get(pages::activity::show_run))
        .route("/holds", get(pages::holds::show).post(pages::holds::decide))
        .route("/journal", get(pages::journal::show))
        .route("/journal.csv", get(pages::journal::csv))
        .route("/access", get(pages::access::show).post(pages::access::make))
        .route("/access/revoke", post(pages::access::revoke))
        .route("/access/members", post(pages::members::add))
        .route("/access/members/remove", post(pages::members::remove))
        .route("/sync-now", post(pages::sync_now::sync_now))
}
