//! Calls with an `Idempotency-Key`: repeated, they get the first call's answer, and nothing is done twice.
//!
//! Only what was done is remembered. A call that was refused has done nothing, and its key is free for the corrected one.

use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::{Body, to_bytes},
    extract::{OriginalUri, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use store::{
    StoreError,
    access::idempotency::{self, KeyedCall, Known},
};

use super::{
    caller::AnyCaller,
    problem::Problem,
    request::{self, MAX_BODY},
};
use crate::Portal;

/// The most characters of a key.
const MAX_KEY: usize = 255;

/// Does a call with a key once.
pub(crate) async fn once(
    State(portal): State<Portal>,
    AnyCaller(caller): AnyCaller,
    OriginalUri(uri): OriginalUri,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let name = header::HeaderName::from_static("idempotency-key");
    let Some(key) = request.headers().get(&name) else {
        let _ = request.extensions_mut().insert(caller);
        return Ok(next.run(request).await);
    };
    let key = key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
    let key = key.ok_or(Problem::Header(name))?.to_owned();
    let (mut parts, body) = request.into_parts();
    let body = request::bytes(Request::from_parts(parts.clone(), body), &portal).await?;
    let mut hash = Context::new(&SHA256);
    hash.update(&body);
    let hash = hash.finish();
    let route = format!("{} {uri}", parts.method);
    let call = KeyedCall {
        partner: &caller.partner,
        caller: caller.token,
        key: &key,
        route: &route,
        request_hash: hash.as_ref(),
    };
    match begin(&portal, &call).await? {
        Known::New => {}
        Known::Answered { status, body } => return Ok(answer(status, body)),
        Known::Underway => return Err(Problem::Underway),
        Known::OtherCall => return Err(Problem::OtherCall),
    }
    let _ = parts.extensions.insert(caller.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    remember(&portal, &call, response).await
}

async fn begin(portal: &Portal, call: &KeyedCall<'_>) -> Result<Known, StoreError> {
    let now = portal.operations.clock.now();
    portal.operations.store.transaction("begin_call", |tx| Box::pin(idempotency::begin(tx, call, now))).await
}

/// Remembers what was done, or frees the key.
async fn remember(portal: &Portal, call: &KeyedCall<'_>, response: Response) -> Result<Response, Problem> {
    let store = &portal.operations.store;
    if !response.status().is_success() {
        store.transaction("free_key", |tx| Box::pin(idempotency::failed(tx, call))).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let (status, text) = (parts.status.as_u16(), String::from_utf8_lossy(&bytes));
    store
        .transaction("remember_answer", |tx| Box::pin(idempotency::answered(tx, call, status, &text)))
        .await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
