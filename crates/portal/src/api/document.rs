//! The document of the API, as OpenAPI 3.1 has it.

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use utoipa::{
    OpenApi,
    openapi::{
        Components, InfoBuilder, OpenApiBuilder, RefOr, Required, SecurityRequirement, Server,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{
    problem,
    routes::{described, ordered},
};

/// What a program is told first.
const ABOUT: &str = "What the portal's pages do, for programs. Each call needs a bearer token of the partner in its address. \
    The roles are viewer (reads), editor (maps, syncs, decides), admin (connection, switch and access) and provider (reports \
    counts and charges). Four calls take an `Idempotency-Key`: saving several mappings, requesting a sync, deciding holds and \
    adding a member. The same call with the same key returns the first response for a day. Lists continue at `cursor=` with \
    the value of `next`.";

/// Schemas that no call names itself.
#[derive(OpenApi)]
#[openapi(components(schemas(problem::Document)))]
struct More;

/// The document, made from what serves the API.
pub fn document() -> utoipa::openapi::OpenApi {
    let all = OpenApiRouter::with_openapi(More::openapi())
        .merge(described())
        .merge(OpenApiRouter::new().nest("/partners/{partner}", ordered()));
    let mut made = all.into_openapi();
    let partner = || {
        ParameterBuilder::new()
            .name("partner")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The partner's id."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build()
    };
    for item in made.paths.paths.values_mut() {
        item.parameters.get_or_insert_default().push(RefOr::T(partner()));
        let PathItem { get, put, post, patch, delete, .. } = item;
        [get, put, post, patch, delete].into_iter().flatten().for_each(name);
    }
    let mut components = made.components.take().unwrap_or_else(Components::new);
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of the partner."));
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    let info = InfoBuilder::new().title("kaseya-sync").version("1").description(Some(ABOUT));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/v1")]))
        .paths(made.paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]))
        .build()
}

/// Names a call by its subject and its function, and gives a response without a description one.
fn name(call: &mut Operation) {
    let subject = call.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    let function = call.operation_id.take().unwrap_or_default();
    call.operation_id = Some(format!("{subject}_{function}"));
    for answer in call.responses.responses.values_mut() {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            "The response.".clone_into(&mut answer.description);
        }
    }
}

/// Serves it to anybody: it tells nothing of any partner.
pub(crate) async fn show() -> Response {
    let text = serde_json::to_string(&document()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
