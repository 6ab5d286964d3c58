//! The admin port: a second port on which other programs control the simulator and inspect the calls it has
//! received. It speaks JSON, needs no login, and is not part of the simulated Kaseya.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State as Shared,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Behaviour, Change, ChangeError, DataError, Endpoint, Fault, State, tenant::Tenant};

type Tenanted = Shared<Arc<Tenant>>;

pub(crate) fn router(tenant: Arc<Tenant>) -> Router {
    Router::new()
        .route("/state", get(state).put(replace_state))
        .route("/behaviour", get(behaviour).put(replace_behaviour).patch(set_behaviour))
        .route("/changes", post(change))
        .route("/faults", post(fail))
        .route("/clock", get(clock).put(set_clock))
        .route("/clock/advance", post(advance_clock))
        .route("/postings", post(post_month))
        .route("/invoices", post(invoice))
        .route("/calls", get(calls).delete(reset_calls))
        .route("/logins", get(logins))
        .route("/tokens", delete(revoke_tokens))
        .with_state(tenant)
}

/// Why a request was not carried out.
#[derive(Debug)]
struct NotDone(StatusCode, String);

impl NotDone {
    fn bad(why: impl ToString) -> Self {
        Self(StatusCode::BAD_REQUEST, why.to_string())
    }
}

impl IntoResponse for NotDone {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<DataError> for NotDone {
    fn from(error: DataError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<ChangeError> for NotDone {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NoSuchThing(error) => Self(StatusCode::NOT_FOUND, error.to_string()),
            ChangeError::Data(error) => error.into(),
        }
    }
}

async fn state(Shared(tenant): Tenanted) -> Json<State> {
    Json(tenant.inside().state.clone())
}

async fn replace_state(Shared(tenant): Tenanted, Json(state): Json<State>) -> Result<StatusCode, NotDone> {
    if let Some((kind, id)) = state.id_that_stands_twice() {
        return Err(NotDone::bad(format!("there are two {kind} with the id {id}")));
    }
    tenant.inside().change::<_, NotDone>(|present| {
        *present = state;
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn behaviour(Shared(tenant): Tenanted) -> Json<Behaviour> {
    Json(tenant.inside().state.behaviour.clone())
}

/// Switches that are not named get their default.
async fn replace_behaviour(
    Shared(tenant): Tenanted,
    Json(behaviour): Json<Behaviour>,
) -> Result<StatusCode, NotDone> {
    put_behaviour(&tenant, behaviour)
}

/// Switches that are not named keep their value.
async fn set_behaviour(Shared(tenant): Tenanted, Json(switches): Json<Value>) -> Result<StatusCode, NotDone> {
    let present = tenant.inside().state.behaviour.clone();
    let mut wanted = serde_json::to_value(present).map_err(NotDone::bad)?;
    merge(&mut wanted, switches);
    put_behaviour(&tenant, serde_json::from_value(wanted).map_err(NotDone::bad)?)
}

fn put_behaviour(tenant: &Tenant, behaviour: Behaviour) -> Result<StatusCode, NotDone> {
    tenant.inside().change::<_, NotDone>(|state| {
        state.behaviour = behaviour;
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Merges objects field by field; anything else is replaced.
fn merge(present: &mut Value, wanted: Value) {
    match (present, wanted) {
        (Value::Object(present), Value::Object(wanted)) => {
            for (name, value) in wanted {
                merge(present.entry(name).or_insert(Value::Null), value);
            }
        }
        (present, wanted) => *present = wanted,
    }
}

async fn change(Shared(tenant): Tenanted, Json(change): Json<Change>) -> Result<StatusCode, NotDone> {
    tenant.inside().apply(&change)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    endpoint: Endpoint,
    /// Counted from 1, the next call.
    #[serde(default = "next")]
    nth: u32,
    fault: Fault,
}

fn next() -> u32 {
    1
}

async fn fail(Shared(tenant): Tenanted, Json(failing): Json<Failing>) -> StatusCode {
    tenant.inside().prepared.fail(failing.endpoint, failing.nth, failing.fault);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    by: SignedDuration,
}

async fn clock(Shared(tenant): Tenanted) -> Json<Value> {
    Json(json!({ "at": tenant.clock.now() }))
}

async fn set_clock(Shared(tenant): Tenanted, Json(Standing { at }): Json<Standing>) -> Json<Value> {
    tenant.clock.set(at);
    clock(Shared(tenant)).await
}

async fn advance_clock(
    Shared(tenant): Tenanted,
    Json(Step { by }): Json<Step>,
) -> Result<Json<Value>, NotDone> {
    tenant.clock.now().checked_add(by).map_err(NotDone::bad)?;
    tenant.clock.advance(by);
    Ok(clock(Shared(tenant)).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Month {
    /// Any day of the month.
    month: Date,
}

async fn post_month(
    Shared(tenant): Tenanted,
    Json(Month { month }): Json<Month>,
) -> Result<Json<Value>, NotDone> {
    let posted = tenant.inside().change::<_, NotDone>(|state| {
        state.post(month);
        Ok(json!(state.posted))
    })?;
    Ok(Json(posted))
}

async fn invoice(
    Shared(tenant): Tenanted,
    Json(Month { month }): Json<Month>,
) -> Result<Json<Value>, NotDone> {
    let now = tenant.clock.now();
    let made = tenant.inside().change::<_, NotDone>(|state| Ok(json!(state.invoice(month, now))))?;
    Ok(Json(made))
}

async fn calls(Shared(tenant): Tenanted) -> Json<Value> {
    Json(json!(tenant.inside().calls))
}

async fn reset_calls(Shared(tenant): Tenanted) -> StatusCode {
    tenant.inside().calls.clear();
    StatusCode::NO_CONTENT
}

async fn logins(Shared(tenant): Tenanted) -> Json<Value> {
    let inside = tenant.inside();
    let mut logins = json!(inside.sessions.logins);
    logins["locked_out"] = json!(inside.sessions.locked_out);
    Json(logins)
}

async fn revoke_tokens(Shared(tenant): Tenanted) -> StatusCode {
    tenant.inside().sessions.revoke();
    StatusCode::NO_CONTENT
}
